import assert from 'node:assert/strict'
import { MINUTE } from '../../src/domain/clock.ts'
import { addKey } from '../security/access-support.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { startHfLab } from '../support/fake-hf-lab.ts'
import { type Contract, controlsOf } from './contract.ts'
import { runContract } from './contract-suite.ts'

const WEIGHTS = randomBytesFrom(101, 700_000)
const CONFIG = Buffer.from('{"one":1}')
const CHANGED = Buffer.from('{"two":2}')

const contract: Contract = {
  name: 'Hugging Face',
  match: 'hf:org/**',
  ttl: 2 * MINUTE,
  small: { huggingface: { max_file: '100KiB' } },
  malformed: [
    { path: '/hf/org/model/resolve/main/../x', status: 400 },
    { path: '/hf/org/model/resolve/main/a%00', status: 400 },
    { path: '/hf/org/mo..del/resolve/main/x', status: 400 },
    { path: '/hf/api/models/org/model/revision/a..b', status: 400 },
    { path: '/hf/v2/library/alpine/tags/list', status: 404 },
  ],
  statuses: { missing: 404, denied: 403, tooLarge: 413, down: 503, failed: 502, limited: 429 },
  assertError: ({ headers, body }) => {
    assert.equal(headers['content-type'], 'application/json')
    assert.match(String(headers['x-error-message']), /^[\x20-\x7e]+$/)
    assert.equal(typeof JSON.parse(body.toString()).error, 'string')
  },
  start: async (t, { clock, config }) => {
    const { hub, cache } = await startHfLab(t, { clock, config })
    const commit = hub.publish('models/org/model', { 'weights.bin': { large: WEIGHTS } }, { branch: 'large' })
    hub.publish('models/org/model', { 'config.json': CONFIG })
    return {
      cache,
      upstream: {
        ...controlsOf(hub, ({ path }) => !path.startsWith('/api/models/')),
        // The hub itself sends none that is worth cutting.
        cutNext: (after) =>
          void hub.faults.add({ times: 1, when: { role: 'cdn' }, fault: { truncateAfter: after } }),
      },
      lasting: { path: `/hf/org/model/resolve/${commit}/weights.bin`, bytes: WEIGHTS },
      changing: {
        path: '/hf/org/model/resolve/main/config.json',
        bytes: CONFIG,
        change: () => {
          hub.publish('models/org/model', { 'config.json': CHANGED })
          return CHANGED
        },
      },
      missing: '/hf/org/model/resolve/main/none.json',
      addKey: () => addKey(cache, 'robot'),
    }
  },
}

runContract(contract)
