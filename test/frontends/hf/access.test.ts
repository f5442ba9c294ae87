import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ConfigTables } from '../../support/cachalot.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { startHfLab } from '../../support/fake-hf-lab.ts'
import { tempDir } from '../../support/temp.ts'

const SECRET = 'hf_operator_0123456789'
const WEIGHTS = randomBytesFrom(63, 400_000)

async function start(t: TestContext, huggingface: Record<string, unknown>, config: ConfigTables = {}) {
  const token_file = join(await tempDir(t), 'token')
  await writeFile(token_file, `${SECRET}\n`, { mode: 0o600 })
  const lab = await startHfLab(t, { config: { ...config, huggingface: { token_file, ...huggingface } } })
  for (const name of ['gated', 'other']) {
    lab.hub.publish(`models/org/${name}`, { 'config.json': '{}', 'weights.bin': { large: WEIGHTS } })
    lab.hub.repo(`models/org/${name}`).access = name === 'gated' ? 'gated' : 'private'
  }
  lab.hub.publish('models/org/public', { 'config.json': '{}' })
  return lab
}

test('the token goes along for the repositories it is for, to the hub alone', async (t) => {
  const { hub, cache } = await start(t, { token_for: ['org/gated'] })
  const answer = await cache.fetch('/hf/org/gated/resolve/main/weights.bin')
  assert.equal(answer.status, 200)
  assert.ok(answer.body.equals(WEIGHTS))
  for (const { role, headers } of hub.requests.list()) {
    assert.equal(headers.authorization, role === 'registry' ? `Bearer ${SECRET}` : undefined, role)
  }
  hub.requests.clear()
  const other = await cache.fetch('/hf/org/other/resolve/main/config.json')
  assert.deepEqual([other.status, other.headers['x-error-code']], [404, 'RepoNotFound'])
  assert.equal((await cache.fetch('/hf/org/public/resolve/main/config.json')).status, 200)
  for (const { headers } of hub.requests.list()) assert.equal(headers.authorization, undefined)
  assert.equal(cache.log.text().includes(SECRET), false)
})

test('what strangers may not see is asked about once in a while, with the token each time', async (t) => {
  const { hub, cache } = await start(t, { token_for: ['org/gated', 'org/none'] })
  for (const name of ['org/nobody', 'org/other']) {
    const paths = [
      `/hf/${name}/resolve/main/config.json`,
      `/hf/api/models/${name}`,
      `/hf/api/models/${name}/refs`,
    ]
    for (const path of paths) {
      const first = await cache.fetch(path)
      assert.deepEqual([first.status, first.headers['x-error-code']], [404, 'RepoNotFound'], path)
      assert.match(first.body.toString(), /no such repository, or it is private/)
      hub.requests.clear()
      const again = await cache.fetch(path)
      assert.deepEqual([again.status, again.headers['x-error-code']], [404, 'RepoNotFound'], path)
      assert.equal(hub.requests.count(), 0, path)
    }
  }
  hub.requests.clear()
  for (let i = 0; i < 2; i++) await cache.fetch('/hf/org/none/resolve/main/config.json')
  assert.equal(hub.requests.count(), 2)
})

test("a client's own token goes nowhere, and a pull key is one as HF_TOKEN", async (t) => {
  const { hub, cache } = await start(t, {}, { auth: { anonymous_pull: 'none' } })
  const path = '/hf/org/public/resolve/main/config.json'
  const refused = await cache.fetch(path, { headers: { authorization: 'Bearer hf_their_own' } })
  assert.equal(refused.status, 401)
  assert.equal(refused.headers['x-error-message'], 'Invalid credentials in Authorization header')
  assert.match(refused.body.toString(), /HF_TOKEN/)
  await cache.reload({ config: { auth: { anonymous_pull: 'all' } } })
  assert.equal((await cache.fetch(path, { headers: { authorization: 'Bearer hf_their_own' } })).status, 200)
  for (const { headers } of hub.requests.list()) assert.equal(headers.authorization, undefined)
})

test('a repository has one name for rules, whatever it is asked for by', async (t) => {
  const rule = [{ effect: 'deny', match: ['hf:org/secret'], actions: ['pull'] }]
  const { hub, cache } = await start(t, {}, { rule })
  const commit = hub.publish('models/org/old', { 'config.json': '{"secret":1}' })
  hub.rename('models/org/old', 'org/secret')
  for (const name of ['org/secret', 'org/old', 'ORG/Secret'])
    for (const revision of ['main', commit]) {
      const file = await cache.fetch(`/hf/${name}/resolve/${revision}/config.json`)
      assert.equal(file.status, 403, `${name} ${revision}`)
      // Nobody learns the other name by asking.
      assert.equal(file.body.includes('org/secret'), name === 'org/secret')
      const about = await cache.fetch(`/hf/api/models/${name}/tree/${revision}`)
      assert.equal(about.status, 403, `${name} ${revision}`)
    }
  assert.equal((await cache.fetch('/hf/org/public/resolve/main/config.json')).status, 200)
})

test('the token is not for what a repository has become', async (t) => {
  const { hub, cache } = await start(t, { token_for: ['org/moved'] })
  const commit = hub.publish('models/org/moved', { 'config.json': '{}' })
  hub.repo('models/org/moved').access = 'private'
  hub.rename('models/org/moved', 'elsewhere/hidden')
  for (const revision of ['main', commit]) {
    const answer = await cache.fetch(`/hf/org/moved/resolve/${revision}/config.json`)
    assert.equal(answer.status, 403, revision)
  }
})

test('a redirect to any other host is refused', async (t) => {
  const { hub, cache } = await start(t, { redirect_hosts: ['*.hf.co'] })
  const commit = hub.publish('models/org/large', { 'weights.bin': { large: WEIGHTS } })
  assert.equal((await cache.fetch(`/hf/org/large/resolve/${commit}/weights.bin`)).status, 502)
  assert.equal(hub.requests.count({ role: 'cdn' }), 0)
})

test('what is switched off is not there', async (t) => {
  const { hub, cache } = await start(t, { enabled: false })
  const answer = await cache.fetch('/hf/org/public/resolve/main/config.json')
  assert.equal(answer.status, 404)
  assert.match(answer.body.toString(), /switched off/)
  assert.equal(hub.requests.count(), 0)
})

test('the same below a virtual host, without the prefix', async (t) => {
  const { hub, cache } = await start(t, { hosts: ['hf.test'] })
  const commit = hub.publish('models/org/many', { 'a.txt': 'a', 'b.txt': 'b' })
  const headers = { host: 'hf.test:5000' }
  const file = await cache.fetch(`/org/many/resolve/main/a.txt`, { headers })
  assert.deepEqual([file.status, file.body.toString()], [200, 'a'])
  const page = await cache.fetch(`/api/models/org/many/tree/${commit}?limit=1`, { headers })
  assert.match(String(page.headers.link), /^<http:\/\/hf\.test:5000\/api\/models\/org\/many\/tree\//)
})
