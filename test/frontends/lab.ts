import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { createCacheParts } from '../../src/cache/assemble.ts'
import type { Cache } from '../../src/cache/cache.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openIndex } from '../../src/db/index.ts'
import type { Clock } from '../../src/domain/clock.ts'
import { createEntrance } from '../../src/entrance.ts'
import type { FrontEnd } from '../../src/frontends/front-end.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createStore } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import type { Cachalot, ConfigTables } from '../support/cachalot.ts'
import { collectorLog } from '../support/collector-log.ts'
import { fetchAll } from '../support/http.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

export interface FrontEndLabOptions {
  readonly upstreams: readonly UpstreamSettings[]
  readonly clock: Clock
  readonly config: ConfigTables
  readonly frontEnd: (cache: Cache) => FrontEnd<string>
}

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** The engine with one front end in front of it, on loopback, for those that the program does not start. */
export async function startFrontEndLab(
  t: Cleanup,
  options: FrontEndLabOptions,
): Promise<Pick<Cachalot, 'fetch' | 'log'>> {
  const { clock, upstreams } = options
  const dir = await tempDir(t)
  const file = join(dir, 'config.toml')
  const storage = { path: join(dir, 'data'), min_free: '0' }
  await writeFile(file, stringify({ ...options.config, storage }), { mode: 0o600 })
  const { config } = loadConfig({ file, env: {} })
  const log = collectorLog()
  const store = createStore(storage.path, () => true)
  const index = openIndex(store.layout.index, MIGRATIONS)
  const client = createOriginClient({ upstreams, clock, log })
  const settings = () => ({ ...config.cache, ...config.storage })
  const parts = await createCacheParts({ client, index, store, clock, log, settings })
  const handle = createPipeline({
    frontEnds: [options.frontEnd(parts.cache)],
    fallback: (_, res) => void res.writeHead(404).end(),
    door: createEntrance({ initial: config, index, clock, log }),
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    await parts.flights.drain()
    await client.close()
    await index.close()
  })
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  return { log, fetch: (path, more) => fetchAll(`http://127.0.0.1:${port}`, { path, ...more }) }
}
