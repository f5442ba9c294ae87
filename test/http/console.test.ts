import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { SECOND } from '../../src/domain/clock.ts'
import { formFor } from '../../src/http/console-coding.ts'
import { startOpen } from '../security/access-support.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const SCRIPT = '/ui/assets/main-B1xYz_9q.js'
const PAGE = `<!doctype html><title>Cachalot</title>${'<p>page</p>'.repeat(50)}`
const CODE = `export const text = "${'code '.repeat(500)}"`

async function put(folder: string, name: string, text: string, packed = true): Promise<void> {
  const file = join(folder, name)
  await writeFile(file, text)
  if (!packed) return
  await writeFile(`${file}.br`, brotliCompressSync(text))
  await writeFile(`${file}.gz`, gzipSync(text))
}

async function build(folder: string, page = PAGE): Promise<void> {
  await mkdir(join(folder, 'assets'), { recursive: true })
  await put(folder, 'assets/main-B1xYz_9q.js', CODE)
  await put(folder, 'icon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', false)
  await put(folder, 'index.html', page)
}

/** A server beside a built console, with a secret outside of it. */
async function start(t: Cleanup, isBuilt = true) {
  const root = await tempDir(t)
  const folder = join(root, 'dist')
  await writeFile(join(root, 'secret.txt'), 'SECRET')
  if (isBuilt) await build(folder)
  const scene = await startOpen(t, { consoleFolder: folder })
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await scene.cache.fetch(path, { method, headers, lint: false })
    return { ...answer, text: answer.body.toString() }
  }
  return { ...scene, root, folder, get }
}

suite('the console', () => {
  test('is a page for every path of the app, and home too', async (t) => {
    const { get } = await start(t)
    for (const path of [
      '/',
      '/?x=1',
      '/ui/',
      '/ui/?token=x',
      '/ui/index.html',
      '/ui/images',
      '/ui/images/docker/library/nginx',
      '/ui/setup-admin?token=x',
      '/ui//evil',
    ]) {
      const { status, text, headers } = await get(path)
      assert.deepEqual([status, text], [200, PAGE], path)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(headers['cache-control'], 'no-cache')
    }
    const moved = await get('/ui')
    assert.deepEqual([moved.status, moved.headers.location], [302, '/ui/'])
    const image = '/ui/images/docker.io/library/nginx:1.27'
    assert.equal((await get(image, HTML)).text, PAGE, 'names of images hold dots')
    assert.equal((await get('/ui/main.js')).status, 404)
    assert.equal(
      (await get('/ui/assets/gone-12345678.js', HTML)).status,
      404,
      'another build’s script is no page',
    )
    assert.equal((await get('/uix')).status, 404)
  })

  test('may run its own scripts and nothing else, and fits into no frame', async (t) => {
    const { get } = await start(t)
    for (const path of ['/', '/ui/', SCRIPT, '/ui/icon.svg', '/ui/none.js', '/ui']) {
      const { headers } = await get(path)
      assert.equal(
        headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        path,
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'same-origin')
      assert.match(String(headers['permissions-policy']), /camera=\(\)/)
      assert.equal(headers['set-cookie'], undefined)
    }
  })

  test('names the styles of its document, and no others; set-up has a document of its own', async (t) => {
    const { get, folder, clock } = await start(t)
    const style = 'body { color: red }'
    await put(folder, 'index.html', `<!doctype html><style>${style}</style>`)
    await put(folder, 'setup.html', '<!doctype html>set-up')
    clock.advance(SECOND)
    const policyOf = async (path: string) =>
      /style-src [^;]*/.exec(String((await get(path)).headers['content-security-policy']))?.[0]
    const known = `style-src 'self' 'sha256-${hash('sha256', style, 'base64')}'`
    for (const path of ['/', '/ui/', '/ui/images']) assert.equal(await policyOf(path), known, path)
    for (const path of [SCRIPT, '/ui/setup', '/ui/none.js'])
      assert.equal(await policyOf(path), "style-src 'self'", path)
    assert.equal((await get('/ui/setup?kind=docker')).text, '<!doctype html>set-up')
  })

  test('comes packed as the client takes it, never changes behind a hash, and answers 304 and HEAD', async (t) => {
    const { get } = await start(t)
    const plain = await get(SCRIPT)
    assert.deepEqual([plain.text, plain.headers['content-encoding']], [CODE, undefined])
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8')
    const br = await get(SCRIPT, { 'accept-encoding': 'gzip, deflate, br, zstd' })
    assert.equal(br.headers['content-encoding'], 'br')
    assert.equal(brotliDecompressSync(br.body).toString(), CODE)
    const gz = await get(SCRIPT, { 'accept-encoding': 'gzip;q=1.0, br;q=0' })
    assert.equal(gz.headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(gz.body).toString(), CODE)
    for (const answer of [plain, br, gz]) {
      assert.equal(answer.headers.vary, 'accept-encoding')
      assert.equal(Number(answer.headers['content-length']), answer.body.length)
    }
    const tags = [plain, br, gz].map(({ headers }) => headers.etag)
    assert.equal(new Set(tags).size, 3)
    const same = await get('/ui/', { 'if-none-match': `"x", W/${(await get('/ui/')).headers.etag}` })
    assert.deepEqual([same.status, same.body.length], [304, 0])
    assert.equal(same.headers['cache-control'], 'no-cache')
    assert.equal((await get(SCRIPT, { 'if-none-match': String(br.headers.etag) })).status, 200)
    const head = await get(SCRIPT, { 'accept-encoding': 'br' }, 'HEAD')
    assert.deepEqual([head.status, head.body.length], [200, 0])
    assert.equal(head.headers['content-length'], br.headers['content-length'])
    const icon = await get('/ui/icon.svg', { 'accept-encoding': 'br' })
    assert.deepEqual([icon.headers['content-type'], icon.headers.vary], ['image/svg+xml', undefined])
  })

  test('is only read', async (t) => {
    const { get } = await start(t)
    for (const path of ['/', '/ui/', '/ui/images', SCRIPT]) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const { status, headers } = await get(path, {}, method)
        assert.equal(status, 405, `${method} ${path}`)
        assert.match(String(headers.allow), /GET/)
      }
    }
  })

  test('gives nothing that is not in its folder, however it is spelt', async (t) => {
    const { get, root, folder, clock } = await start(t)
    await symlink(join(root, 'secret.txt'), join(folder, 'link.txt'))
    await symlink(root, join(folder, 'away'))
    clock.advance(SECOND)
    const ups = [
      '..',
      '%2e%2e',
      '%2E%2e',
      '.%2e',
      '..%00',
      '%252e%252e',
      '..;',
      '....',
      '%c0%ae%c0%ae',
      '\\..',
      '..\\',
    ]
    const slashes = ['/', '%2f', '%2F', '\\', '%5c', '//', '%252f']
    const paths = ups.flatMap((up) => slashes.map((slash) => `/ui/${up}${slash}secret.txt`))
    const further = [
      '/ui/assets/../../secret.txt',
      '/ui/./../secret.txt',
      '/ui/link.txt',
      '/ui/away/secret.txt',
      `/ui/${root}/secret.txt`,
      '/ui/%00/index.html',
      '/ui/index.html%00.js',
      '/ui/assets',
      '/ui/assets/',
      '/ui/index.html.br',
      '/ui/index.html.gz',
      '/ui/__proto__',
      '/ui/constructor',
      '/ui/..',
      '/ui/.',
    ]
    for (const path of [...paths, ...further]) {
      for (const headers of [{}, HTML]) {
        const { status, text } = await get(path, headers)
        assert.doesNotMatch(text, /SECRET|root:/, path)
        assert.ok(status === 404 || status === 400 || text === PAGE, `${path}: ${status} ${text}`)
      }
    }
    for (const path of ['/ui/../secret.txt', '/ui/%2e%2e/secret.txt', '/ui/a\\b', '/ui/a%5cb', '/ui/a%00b'])
      assert.equal((await get(path, HTML)).status, 404, path)
  })

  test('is read again when it was built anew; until then it is what it was', async (t) => {
    const { get, folder, clock } = await start(t)
    assert.equal((await get('/ui/')).text, PAGE)
    await build(folder, `${PAGE}new`)
    assert.equal((await get('/ui/')).text, PAGE, 'looked at once a second')
    clock.advance(SECOND)
    assert.equal((await get('/ui/')).text, `${PAGE}new`)
    await rm(folder, { recursive: true })
    clock.advance(SECOND)
    assert.equal((await get('/ui/')).text, `${PAGE}new`, 'a build begins with an empty folder')
    await mkdir(join(folder, 'assets'), { recursive: true })
    await put(folder, 'assets/main-22222222.js', CODE)
    clock.advance(SECOND)
    assert.equal((await get('/ui/')).text, `${PAGE}new`)
    assert.equal((await get(SCRIPT)).text, CODE)
    await put(folder, 'index.html', 'third')
    clock.advance(SECOND)
    assert.equal((await get('/ui/')).text, 'third')
    assert.equal((await get(SCRIPT)).status, 404)
    assert.equal((await get('/ui/assets/main-22222222.js')).text, CODE)
  })

  test('takes no packed file for one that was written after it', async (t) => {
    const { get, folder, clock } = await start(t)
    const old = new Date(Date.UTC(2020, 0, 1))
    for (const suffix of ['.br', '.gz']) await utimes(join(folder, `index.html${suffix}`), old, old)
    clock.advance(SECOND)
    const { headers, text } = await get('/ui/', { 'accept-encoding': 'br, gzip' })
    assert.deepEqual([headers['content-encoding'], text], [undefined, PAGE])
  })
})

suite('without a built console', () => {
  test('it is said how to build it, and the page of the set-up link works', async (t) => {
    const { cache, get, folder, clock } = await start(t, false)
    const home = await get('/')
    assert.deepEqual([home.status, /Cachalot/.test(home.text)], [200, true])
    for (const path of ['/ui', '/ui/', '/ui/images', '/ui/index.html']) {
      const { status, text, headers } = await get(path)
      assert.equal(status, 404)
      assert.match(text, /The console is not built: npm run build/)
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(headers['cache-control'], 'no-store')
    }
    const link = (await cache.app.setupPath()) ?? assert.fail()
    assert.match((await get(link)).text, /<form method="post">/)
    await build(folder)
    clock.advance(SECOND)
    assert.equal((await get(link)).text, PAGE)
    const token = link.split('token=')[1] ?? ''
    const form = new URLSearchParams({ token, name: 'alice', password: 'wonderland' }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const made = await cache.fetch('/ui/setup-admin', { method: 'POST', headers, body: form, lint: false })
    assert.equal(made.status, 200, 'a form that was open before still works')
  })
})

test('the coding is one that the client takes, the smallest first', () => {
  const form = (coding: 'br' | 'gzip' | 'identity', size: number) => ({
    coding,
    body: Buffer.alloc(size),
    etag: '""',
  })
  const forms = [form('br', 1), form('gzip', 2), form('identity', 3)]
  const file = { type: '', isHashed: false, forms, styles: [] }
  for (const [header, coding] of [
    [undefined, 'identity'],
    ['', 'identity'],
    ['br', 'br'],
    ['BR', 'br'],
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br;q=0.000,gzip;q=0', 'identity'],
    ['*', 'br'],
    ['*;q=0', 'identity'],
    ['br;q=0, *', 'gzip'],
    ['identity;q=0', 'identity'],
    ['deflate', 'identity'],
    ['xbr, gzipx', 'identity'],
    ['br;q=nonsense', 'identity'],
  ] as const)
    assert.equal(formFor(file, header).coding, coding, String(header))
})
