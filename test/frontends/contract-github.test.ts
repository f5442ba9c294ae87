import assert from 'node:assert/strict'
import { MINUTE } from '../../src/domain/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { startGithubLab } from '../support/fake-github-lab.ts'
import { type Contract, controlsOf } from './contract.ts'
import { runContract } from './contract-suite.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const LASTING = randomBytesFrom(101, 700_000)
const CHANGING = randomBytesFrom(102, 650_000)
const CHANGED = randomBytesFrom(103, 650_000)

const contract: Contract = {
  name: 'files of GitHub',
  match: 'github:owner/repo',
  ttl: 5 * MINUTE,
  small: { limits: { max_blob: '100KiB' } },
  malformed: [
    { path: '/https://github.com/owner/repo/raw/main/../x', status: 400 },
    { path: '/gh/owner/repo/raw/main/%2e%2e/x', status: 400 },
    { path: '/gh/owner/repo/raw/main/a%2fb', status: 400 },
    { path: '/gh/owner/repo/raw/main/%ff', status: 400 },
    { path: '/gh/own%20er/repo/raw/main/x', status: 400 },
    { path: '/https://user:secret@github.com/owner/repo/raw/main/x', status: 400 },
    { path: '/https://raw.githubusercontent.com/owner/repo/main/x?token=secret', status: 400 },
    { path: '/https://github.com/owner/repo', status: 404 },
    { path: '/https://example.com/owner/repo/raw/main/x', status: 404 },
  ],
  statuses: { missing: 404, denied: 403, tooLarge: 413, down: 503, failed: 502, limited: 429 },
  assertError: ({ headers, body }) => {
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(body.toString(), /^[\x20-\x7e]+\n$/)
  },
  start: async (t, { clock, config }) => {
    const settings = { maxFile: config.limits === undefined ? 0 : 100_000 }
    const lab = await startGithubLab(t, { clock, config, settings })
    const { github } = lab
    github.raw(`owner/repo/${COMMIT}/data.bin`, LASTING)
    github.raw('owner/repo/main/data.bin', CHANGING)
    return {
      cache: { fetch: lab.get, log: lab.log },
      upstream: controlsOf(github, () => true),
      lasting: { path: `/https://github.com/owner/repo/blob/${COMMIT}/data.bin`, bytes: LASTING },
      changing: {
        path: '/https:/raw.githubusercontent.com/owner/repo/main/data.bin',
        bytes: CHANGING,
        change: () => {
          github.raw('owner/repo/main/data.bin', CHANGED)
          return CHANGED
        },
      },
      missing: '/gh/owner/repo/raw/main/none',
      addKey: lab.addKey,
    }
  },
}

runContract(contract)
