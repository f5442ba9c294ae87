import assert from 'node:assert/strict'
import { MINUTE } from '../../src/domain/clock.ts'
import { addKey } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import { type Contract, controlsOf } from './contract.ts'
import { runContract } from './contract-suite.ts'
import { errorOf } from './support.ts'

const REPOSITORY = 'org/app'

const contract: Contract = {
  name: 'registries',
  match: 'docker.io/org/**',
  ttl: 5 * MINUTE,
  small: { limits: { max_blob: '100KiB' } },
  malformed: [
    { path: `/v2/${REPOSITORY}/blobs/sha256:short`, status: 400 },
    { path: `/v2/${REPOSITORY}/manifests/.no`, status: 400 },
    { path: '/v2/Org/App/tags/list', status: 400 },
  ],
  statuses: { missing: 404, denied: 403, tooLarge: 413, down: 503, failed: 502, limited: 429 },
  assertError: (answer) => assert.ok(errorOf(answer).code.length > 0),
  start: async (t, { clock, config }) => {
    const { hub, cache } = await startPair(t, { clock, config })
    const blob = hub.addBlob(REPOSITORY, { seed: 71, size: 700_000 })
    const image = hub.addImage(REPOSITORY, { tags: ['1'] })
    return {
      cache,
      upstream: controlsOf(hub, ({ kind }) => kind === 'blob' || kind === 'manifest'),
      lasting: { path: `/v2/${REPOSITORY}/blobs/${blob.digest}`, bytes: contentBytes(blob.content) },
      changing: {
        path: `/v2/${REPOSITORY}/manifests/1`,
        bytes: image.manifest.bytes,
        change: () => hub.addImage(REPOSITORY, { tags: ['1'] }).manifest.bytes,
      },
      missing: `/v2/${REPOSITORY}/manifests/none`,
      addKey: () => addKey(cache, 'robot'),
    }
  },
}

runContract(contract)
