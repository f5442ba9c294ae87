import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Visitor, Welcome } from './visitor.ts'

const welcomes = new WeakMap<IncomingMessage, Welcome>()

/** Remembers who let a request in, for answers that outlast what was true at their begin. */
export function rememberWelcome(req: IncomingMessage, welcome: Welcome): void {
  welcomes.set(req, welcome)
}

/** Who sends the request that is still being answered, by what holds now. Rejects with AppError when nobody may. */
export async function askAgain({ req }: Context): Promise<Visitor> {
  const welcome = welcomes.get(req)
  if (welcome === undefined) throw new Error('nobody let this request in')
  return await welcome(req)
}
