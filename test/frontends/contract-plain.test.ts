import assert from 'node:assert/strict'
import { MINUTE } from '../../src/domain/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { startFakeFiles } from '../support/fake-files.ts'
import { startFrontEndLab } from '../support/front-end-lab.ts'
import { type Contract, controlsOf } from './contract.ts'
import { runContract } from './contract-suite.ts'
import { createPlainFrontEnd } from './plain-front-end.ts'

const LASTING = randomBytesFrom(81, 700_000)
const CHANGING = randomBytesFrom(82, 650_000)
const CHANGED = randomBytesFrom(83, 650_000)

const contract: Contract = {
  name: 'plain files',
  match: 'github:owner/repo',
  ttl: 5 * MINUTE,
  small: { limits: { max_blob: '100KiB' } },
  malformed: [{ path: '/files/../x', status: 400 }],
  statuses: { missing: 404, denied: 403, tooLarge: 413, down: 503, failed: 502, limited: 429 },
  assertError: (answer) => assert.match(answer.body.toString(), /^[\x20-\x7e]+\n$/),
  start: async (t, { clock, config }) => {
    const files = await startFakeFiles()
    files.put('/lasting', { content: LASTING, etag: '"lasting"' })
    files.put('/changing', { content: CHANGING, etag: 'W/"one"' })
    const upstream = { name: 'files.test', url: files.url, allowPrivate: true, tokenHosts: [] }
    const maxFile = config.limits === undefined ? 0 : 100_000
    const lab = await startFrontEndLab(t, {
      clock,
      config,
      upstreams: [{ ...upstream, kind: 'files' }],
      frontEnd: ({ parts }) => createPlainFrontEnd(parts.cache, { maxFile }),
    })
    t.after(() => files.close())
    return {
      cache: { fetch: lab.get, log: lab.log },
      upstream: controlsOf(files, () => true),
      lasting: { path: '/files/lasting', bytes: LASTING },
      changing: {
        path: '/files/changing',
        bytes: CHANGING,
        change: () => {
          files.put('/changing', { content: CHANGED, etag: 'W/"two"' })
          return CHANGED
        },
      },
      missing: '/files/none',
    }
  },
}

runContract(contract)
