import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SETUP_KINDS } from '../../src/setup/setup.ts'
import { apiOf } from '../jobs/support.ts'
import { as, startGuarded, startOpen } from '../security/access-support.ts'
import type { Cachalot } from '../support/cachalot.ts'

const NONCE = 'abcdefghijklmnopqr27'
const OTHER = 'b'.repeat(20)
const AGENT = { 'user-agent': 'docker/29.1.3 go/go1.24' }

const FILE_KINDS = new Set<string>(['go', 'huggingface', 'github', 'git'])

async function watch(cache: Cachalot, nonce: string, headers: Record<string, string> = {}) {
  const answer = await cache.fetch(`/api/v1/setup/watch?nonce=${nonce}`, { headers, lint: false })
  return { status: answer.status, body: JSON.parse(answer.body.toString()) }
}

suite('GET /setup/watch', () => {
  test('says who pulled the name of a check, which no upstream is asked for', async (t) => {
    const { hub, cache } = await startOpen(t)
    const before = hub.requests.count({})
    const ways = {
      namespace: '/v2/library/cachalot-check/manifests/NONCE?ns=docker.io',
      prefix: '/v2/docker.io/library/cachalot-check/manifests/NONCE',
      default: '/v2/library/cachalot-check/manifests/NONCE',
    }
    for (const [n, [shape, path]] of Object.entries(ways).entries()) {
      const nonce = `${n}`.repeat(20)
      assert.deepEqual(await watch(cache, nonce), { status: 200, body: {} })
      const answer = await cache.fetch(path.replace('NONCE', nonce), { headers: AGENT })
      assert.equal(answer.status, 404)
      assert.match(answer.body.toString(), /"MANIFEST_UNKNOWN","message":"Cachalot saw you/)
      const { at, ...seen } = (await watch(cache, nonce)).body.seen
      assert.equal(typeof at, 'number')
      const client = { client: '127.0.0.1', kind: 'docker', agent: 'docker 29.1.3' }
      assert.deepEqual(seen, { ...client, upstream: 'docker.io', shape })
      assert.deepEqual((await watch(cache, OTHER)).body, {}, 'only about that nonce')
    }
    assert.equal(hub.requests.count({}), before)
    await cache.fetch('/v2/library/cachalot-check/manifests/latest')
    assert.ok(hub.requests.count({}) > before, 'what is no check is a name like any other')
  })

  test('says the same of clients of files, before anything is asked of an upstream', async (t) => {
    const { cache } = await startOpen(t)
    const ways = {
      go: '/go/cachalot-check.invalid/NONCE/@v/list',
      hf: '/hf/api/models/cachalot-check/NONCE/revision/main',
      github: '/https://raw.githubusercontent.com/cachalot-check/NONCE/master/README',
      git: '/https://github.com/cachalot-check/NONCE/info/refs',
    }
    for (const [n, [upstream, path]] of Object.entries(ways).entries()) {
      const nonce = `${n}`.repeat(20)
      assert.deepEqual(await watch(cache, nonce), { status: 200, body: {} })
      const query = upstream === 'git' ? '?service=git-upload-pack' : ''
      const answer = await cache.fetch(path.replace('NONCE', nonce) + query, { headers: AGENT, lint: false })
      assert.equal(answer.status, 404, upstream)
      assert.match(answer.body.toString(), /Cachalot saw you/)
      const { seen } = (await watch(cache, nonce)).body
      assert.deepEqual([seen.upstream, seen.shape, seen.client], [upstream, 'prefix', '127.0.0.1'])
    }
    const other = await cache.fetch(`/v2/cachalot-check/${NONCE}/manifests/1`)
    assert.doesNotMatch(other.body.toString(), /Cachalot saw you/)
  })

  test('is for who may pull, for whole nonces, and not too often', async (t) => {
    const { cache } = await startGuarded(t)
    assert.equal((await watch(cache, NONCE)).status, 401)
    assert.equal((await watch(cache, NONCE, as('bob'))).status, 200)
    assert.equal((await cache.fetch(`/v2/library/cachalot-check/manifests/${NONCE}`)).status, 401)
    assert.deepEqual(
      (await watch(cache, NONCE, as('bob'))).body,
      {},
      'a client that was turned away uses nothing',
    )
    for (const nonce of ['', 'short', 'A'.repeat(20), 'a'.repeat(21)])
      assert.equal((await watch(cache, nonce, as('bob'))).status, 400, nonce)
    const open = await startOpen(t)
    const statuses = new Set<number>()
    for (let n = 0; n <= 700 && !statuses.has(429); n++) statuses.add((await watch(open.cache, NONCE)).status)
    assert.deepEqual([...statuses], [200, 429])
  })

  test('waits for what POST /setup/render tells each kind of client to pull', async (t) => {
    const { cache } = await startOpen(t)
    for (const kind of SETUP_KINDS) {
      const plain = await apiOf(cache).post('/setup/render', { kind })
      const { check, ...setup } = await apiOf(cache).post('/setup/render', { kind, nonce: NONCE })
      assert.deepEqual(setup, plain, kind)
      const name = FILE_KINDS.has(kind) ? 'cachalot-check' : 'docker.io/library/cachalot-check:'
      assert.match(check ?? '', new RegExp(`${name}(\\.invalid/|/)?${NONCE}`), kind)
      assert.doesNotMatch(plain.test, /cachalot-check/)
    }
  })
})
