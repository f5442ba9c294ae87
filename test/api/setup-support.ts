import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Router } from '@koa/router'
import { createApiHandler } from '../../src/api/api.ts'
import { convertRoutes } from '../../src/api/convert.ts'
import { setupRoutes } from '../../src/api/setup.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ANONYMOUS, type Principal } from '../../src/domain/principal.ts'
import { createApproach } from '../../src/http/console-host.ts'
import { createGrant } from '../../src/policy/access.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Fetched, fetchAll } from '../support/http.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

export interface SetupServer {
  readonly port: number
  render(ask: object, headers?: Record<string, string>): Promise<Fetched>
  convert(text: string, headers?: Record<string, string>): Promise<Fetched>
}

interface Options {
  /** Whether nobody in particular may pull; so by default. */
  readonly mayPull?: boolean
  /** Lines of config.toml. */
  readonly toml?: string
  readonly principal?: Principal
}

/** The two routes behind the door of the API, with a real configuration. */
export async function startSetup(t: Cleanup, options: Options = {}): Promise<SetupServer> {
  const { toml = '', principal = ANONYMOUS, mayPull = true } = options
  const file = join(await tempDir(t), 'config.toml')
  writeFileSync(file, toml)
  const { config } = loadConfig({ file, env: {} })
  const router = new Router({ prefix: '/api/v1' })
  const { baseOf } = createApproach(config.server)
  const deps = { config: () => config, reception: { baseOf, mayPull: () => mayPull } }
  setupRoutes(router, deps)
  convertRoutes(router, deps)
  const access = createGrant(createPolicy(config.rules, config.upstreams))(principal)
  const door = { welcome: async () => ({ address: '', access }), challenge: () => 'Basic realm="x"' }
  const server = createServer(createApiHandler(router, door, collectorLog()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    render: (ask, headers = {}) =>
      fetchAll(url, {
        path: '/api/v1/setup/render',
        method: 'POST',
        headers,
        body: JSON.stringify(ask),
        lint: false,
      }),
    convert: (text, headers = {}) =>
      fetchAll(url, { path: `/api/v1/convert?text=${encodeURIComponent(text)}`, headers, lint: false }),
  }
}
