import { join } from 'node:path'
import { createCacheParts } from '../../src/cache/assemble.ts'
import { openIndex } from '../../src/db/index.ts'
import { systemClock } from '../../src/domain/clock.ts'
import { createStore } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import { collectorLog } from '../support/collector-log.ts'
import { file } from './file-engine.ts'

/** A process of its own that begins to download a file, to be killed: node file-child.ts DIR URL PATH */
const [dir = '', url = '', path = ''] = process.argv.slice(2)
const log = collectorLog()
const store = createStore(dir, () => true)
const index = openIndex(store.layout.index, join(import.meta.dirname, '../../migrations'))
const upstreams = [{ name: 'files.test', url, allowPrivate: true, tokenHosts: [], kind: 'files' } as const]
const client = createOriginClient({ upstreams, clock: systemClock, log })
const settings = () => ({
  maxSize: 0,
  evictTo: 0,
  minFree: 0,
  negativeTtl: 0,
  verifiedRanges: false,
  finishAbandoned: 0,
})
const { cache } = await createCacheParts({ client, index, store, clock: systemClock, log, settings })
const content = await cache.open(file(path))
const { run } = await content.read(undefined)
for (let piece = await run.pull(); piece !== undefined; piece = await run.pull()) piece.release()
