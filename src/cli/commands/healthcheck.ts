import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import type { Config } from '../../config/config.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit.ts'

const PATIENCE = 5000

/** `healthcheck`: asks the running server's /healthz; ends with 1 when it does not answer well. */
export const healthcheck: Command = {
  name: 'healthcheck',
  group: 'run the cache',
  summary: 'is the server well? exit 0 or 1',
  flags: { url: true },
  examples: ['healthcheck', 'healthcheck --url http://127.0.0.1:5000/healthz'],
  run: check,
}

async function check(context: Context): Promise<void> {
  const status = await statusOf(context.flags.text('url') ?? healthUrl(requireConfig(context).config))
  if (status !== 200) throw new CommandError(`unhealthy: answered ${status}`)
  context.write('healthy\n')
}

/** Where the server of a configuration says whether it is well, as seen from this machine. */
export function healthUrl({ server }: Config): string {
  const { host, port } = server.listen
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${schemeOf(server)}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}/healthz`
}

/** What the server speaks on its port. */
export function schemeOf({ tls, acme }: Config['server']): 'http' | 'https' {
  return tls.cert === undefined && acme.domains.length === 0 ? 'http' : 'https'
}

/** The status a URL answers with. The certificate is for other names than that of this machine, so it is not judged. Throws CommandError where nothing does within 5 s. */
export function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const heard = (response: IncomingMessage): void => {
      response.resume()
      resolve(response.statusCode)
    }
    const asked = url.startsWith('https:')
      ? requestTls(url, { timeout: PATIENCE, rejectUnauthorized: false }, heard)
      : request(url, { timeout: PATIENCE }, heard)
    asked.on('timeout', () => asked.destroy(new Error('no answer in 5 s')))
    asked.on('error', (error) => reject(new CommandError(`unhealthy: ${error.message}`)))
    asked.end()
  })
}
