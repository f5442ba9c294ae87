import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { basic, bcryptLine } from '../auth/support.ts'
import { type Cachalot, startCachalot, startPair } from '../support/cachalot.ts'
import { tempDir } from '../support/temp.ts'

const PAGE = '/ui/setup-admin'

async function tokenOf(cache: Cachalot): Promise<string> {
  const path = (await cache.app.setupPath()) ?? ''
  assert.ok(path.startsWith(`${PAGE}?token=`), path)
  return path.slice(PAGE.length + '?token='.length)
}

async function send(cache: Cachalot, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const answer = await cache.fetch(PAGE, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
    lint: false,
  })
  return { status: answer.status, text: answer.body.toString(), headers: answer.headers }
}

async function statsAs(cache: Cachalot, name: string, password: string): Promise<number> {
  const headers = { authorization: basic(name, password) }
  return (await cache.fetch('/api/v1/keys', { headers, lint: false })).status
}

suite('the set-up link', () => {
  test('makes the first admin, once', async (t) => {
    const { cache } = await startPair(t)
    const token = await tokenOf(cache)
    const made = await send(cache, { token, name: 'alice', password: 'wonderland' })
    assert.equal(made.status, 200)
    const file = join(cache.dataDir, 'htpasswd')
    assert.match(await readFile(file, 'utf8'), /^alice:\$2y\$12\$[^:]+:role=admin\n$/)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal(await cache.app.setupPath(), undefined)
    const again = await send(cache, { token, name: 'eve', password: 'intruding' })
    assert.equal(again.status, 403)
    assert.equal((await cache.fetch(`${PAGE}?token=${token}`, { lint: false })).status, 410)
    assert.doesNotMatch(await readFile(file, 'utf8'), /eve/)
    await cache.restart()
    assert.equal(await cache.app.setupPath(), undefined)
    assert.equal(await statsAs(cache, 'alice', 'wonderland'), 200)
    assert.equal((await cache.fetch('/v2/')).status, 200, 'neighbours still pull without a login')
    assert.doesNotMatch(cache.log.text(), new RegExp(`wonderland|intruding|${token}`))
  })

  test('is another one after each start, and none where there are users', async (t) => {
    const { hub, cache } = await startPair(t)
    const first = await tokenOf(cache)
    await cache.restart()
    assert.notEqual(await tokenOf(cache), first)
    assert.equal((await send(cache, { token: first, name: 'a', password: 'long enough' })).status, 403)
    const users = join(await tempDir(t), 'users')
    await writeFile(users, bcryptLine('bob', 'builder'))
    const other = await startCachalot(t, { hub, config: { auth: { htpasswd: users } } })
    assert.equal(await other.app.setupPath(), undefined)
  })

  test('says what is wrong with a name or password, and takes another one then', async (t) => {
    const { cache } = await startPair(t)
    const token = await tokenOf(cache)
    for (const [name, password, words] of [
      ['', 'long enough', /user name is empty/],
      ['a:b', 'long enough', /character/],
      ['anonymous', 'long enough', /anonymous/],
      ['alice', 'short', /at least 8/],
      ['alice', 'x'.repeat(73), /72 bytes/],
      ['<script>alert(1)</script>', 'short', /&#60;script&#62;/],
    ] as const) {
      const { status, text } = await send(cache, { token, name, password })
      assert.equal(status, 400, name)
      assert.match(text, words)
      assert.doesNotMatch(text, /<script/)
    }
    const long = await send(cache, { token, name: 'x'.repeat(5000), password: 'long enough' })
    assert.equal(long.status, 403)
    assert.equal((await send(cache, { token, name: 'alice', password: 'long enough' })).status, 200)
  })

  test('is for whoever has it alone: guesses cost as much as those of passwords', async (t) => {
    const { cache } = await startPair(t, { config: { limits: { requests: '20/h', allow: [] } } })
    const token = await tokenOf(cache)
    const statuses: number[] = []
    for (let n = 0; n < 8; n++)
      statuses.push((await send(cache, { token: `x${n}`, name: 'eve', password: 'long enough' })).status)
    assert.ok(statuses.every((status) => status === 403 || status === 429))
    assert.equal(statuses.at(-1), 429)
    assert.equal(await cache.app.setupPath(), `${PAGE}?token=${token}`)
    const { items } = JSON.parse(
      await readFile(join(cache.dataDir, 'htpasswd'), 'utf8').catch(() => '{"items":[]}'),
    )
    assert.deepEqual(items, [])
  })

  test('leads to a page that runs nothing and fits into no frame, in the language of its reader', async (t) => {
    const { cache } = await startPair(t)
    const path = (await cache.app.setupPath()) ?? ''
    const page = await cache.fetch(path, { headers: { 'accept-language': 'zh-CN,zh;q=0.9' }, lint: false })
    assert.match(page.body.toString(), /<html lang="zh-CN">.*创建第一个管理员/s)
    assert.match(
      String(page.headers['content-security-policy']),
      /default-src 'none'.*frame-ancestors 'none'/,
    )
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.equal(page.headers['cache-control'], 'no-store')
    const other = await cache.fetch(path, { headers: { 'accept-language': 'de, en' }, lint: false })
    assert.match(other.body.toString(), /<html lang="en">/)
  })
})
