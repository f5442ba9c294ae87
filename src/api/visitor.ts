import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Access } from '../domain/access.ts'

/** Who asks the API, and what they are about to change. */
export interface Visitor {
  /** Empty for this machine. */
  readonly address: string
  readonly access: Access
}

/** Something that is worth an entry in the audit log. */
export interface Deed {
  readonly action: string
  readonly target: string
  readonly detail?: unknown
}

/** Who asks; rejects with AppError when nobody may who asks like that. */
export type Welcome = (req: IncomingMessage) => Promise<Visitor>

interface Guest extends Visitor {
  deed?: Deed
}

const guests = new WeakMap<IncomingMessage, Guest>()

/** Remembers who sent a request, for as long as it is being answered. */
export function remember(req: IncomingMessage, visitor: Visitor): void {
  guests.set(req, { ...visitor })
}

/** Who sent the request that is being answered. */
export function visitorOf({ req }: Context): Visitor {
  return guestOf(req)
}

/** Says what the request is about to change; it is written down with how it ended. */
export function about(ctx: Context, deed: Deed): void {
  guestOf(ctx.req).deed = deed
}

export function deedOf({ req }: Context): Deed | undefined {
  return guests.get(req)?.deed
}

function guestOf(req: IncomingMessage): Guest {
  const guest = guests.get(req)
  if (guest === undefined) throw new Error('nobody was asked who sent this request')
  return guest
}
