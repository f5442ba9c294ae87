import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import { SETUP_KINDS } from '../../src/setup/setup.ts'
import { apiOf } from '../jobs/support.ts'
import { as, startGuarded, startOpen } from '../security/access-support.ts'
import type { Cachalot } from '../support/cachalot.ts'

async function page(cache: Cachalot, path: string, headers: Record<string, string> = {}) {
  const answer = await cache.fetch(path, { headers, lint: false })
  return { ...answer, text: answer.body.toString() }
}

const plain = (html: string) =>
  html.replaceAll(/<[^>]*>/g, '').replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))

suite('set-up without scripts', () => {
  test('shows every client what it needs, for the address one came by, as the console does', async (t) => {
    const { cache } = await startOpen(t)
    const { status, headers, text } = await page(cache, '/setup', { host: 'cache.lan:5000' })
    assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8'])
    assert.equal(headers['cache-control'], 'no-store')
    for (const kind of SETUP_KINDS) {
      const setup = await apiOf(cache).post('/setup/render', { kind, base: 'http://cache.lan:5000' })
      assert.ok(text.includes(`<section id="${kind}">`), kind)
      for (const { path, content } of setup.files)
        assert.ok(plain(text).includes(path) && plain(text).includes(content.trimEnd()), `${kind} ${path}`)
      for (const { title, text: line } of setup.steps ?? [])
        assert.ok(plain(text).includes(title) && plain(text).includes(line), `${kind} ${title}`)
      for (const said of [setup.test, setup.reload ?? '', ...setup.notes.map((note) => note.text)])
        assert.ok(plain(text).includes(said), `${kind}: ${said}`)
      const one = await page(cache, `/setup?kind=${kind}`, { host: 'cache.lan:5000' })
      for (const script of [setup.apply ?? '', setup.undo ?? ''])
        assert.ok(plain(one.text).includes(script), `${kind} scripts`)
    }
  })

  test('speaks the language of its reader, and the other one on request', async (t) => {
    const { cache } = await startOpen(t)
    const zh = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }
    for (const [path, headers, lang] of [
      ['/setup', {}, 'en'],
      ['/setup', zh, 'zh-CN'],
      ['/setup?lang=en', zh, 'en'],
      ['/setup?lang=zh&kind=docker', {}, 'zh-CN'],
      ['/setup?lang=xx&kind=xx', { 'accept-language': 'fr, de' }, 'en'],
    ] as const) {
      const { text } = await page(cache, path, headers)
      assert.ok(text.includes(`<html lang="${lang}">`), path)
      assert.ok(text.includes(lang === 'en' ? '<h1>Set up a client</h1>' : '<h1>接入客户端</h1>'))
    }
  })

  test('holds no script, only its own styles, and nothing that a request says', async (t) => {
    const { cache } = await startOpen(t)
    const { text, headers } = await page(cache, '/setup?kind=<script>alert(1)</script>&lang="><b>')
    assert.doesNotMatch(text, /<script|alert\(1\)|javascript:|\son\w+=|<b>/)
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(text) ?? []
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; img-src data:; ` +
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    )
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const odd = await page(cache, '/setup', { host: 'a"><script>x' })
    assert.deepEqual([odd.status, odd.headers['content-type']], [403, 'text/plain; charset=utf-8'])
    assert.equal((await cache.fetch('/setup', { method: 'POST', lint: false })).status, 405)
  })

  test('is for who may pull, and for our own names', async (t) => {
    const guarded = await startGuarded(t)
    const refused = await page(guarded.cache, '/setup')
    assert.equal(refused.status, 401)
    assert.match(String(refused.headers['www-authenticate']), /^Basic realm=/)
    assert.equal((await page(guarded.cache, '/setup', as('bob'))).status, 200)
    const { cache } = await startOpen(t)
    assert.equal((await page(cache, '/setup', { host: 'evil.example' })).status, 403)
  })
})
