import { request } from 'node:http'
import type { Arguments } from './arguments.ts'
import { requireConfig } from './config.ts'
import { CommandError } from './exit.ts'

const PATIENCE = 5000

/** `healthcheck`: asks the running server's /healthz; ends with 1 when it does not answer well. */
export async function healthcheck({ url, config }: Arguments): Promise<void> {
  const status = await statusOf(url ?? ownUrl(config))
  if (status !== 200) throw new CommandError(`unhealthy: answered ${status}`)
  process.stdout.write('healthy\n')
}

function ownUrl(file: string | undefined): string {
  const { host, port } = requireConfig(file).config.server.listen
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}/healthz`
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { timeout: PATIENCE }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in 5 s')))
    asked.on('error', (error) => reject(new CommandError(`unhealthy: ${error.message}`)))
    asked.end()
  })
}
