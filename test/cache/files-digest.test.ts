import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { Unproven, Want } from '../../src/cache/want.ts'
import { type Digest, digestOf, parseDigest } from '../../src/domain/digest.ts'
import { AppError } from '../../src/domain/errors.ts'
import { MIB } from '../../src/domain/units.ts'
import type { OriginHead } from '../../src/upstream/origin.ts'
import { eventually } from '../e2e/support.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { assertSettled, drain, drainedOf, type FileEngine, landed, startFileEngine } from './file-engine.ts'

const LARGE = randomBytesFrom(6, 1_500_000)
const SMALL = Buffer.from('{"model":"small"}')
/** More than is judged in memory. */
const LONG = randomBytesFrom(7, 9 * MIB + 1)

/** As Hugging Face states it: on the redirect that leads to the content. */
const stated = (head: OriginHead, name: string): string | undefined =>
  [head.headers, ...(head.hops ?? [])].map((headers) => headers[name]).find((value) => value !== undefined)

const digestIn = (head: OriginHead): Digest | undefined =>
  parseDigest(`sha256:${stated(head, 'x-linked-etag')?.replaceAll('"', '') ?? ''}`)

function sizeIn(head: OriginHead): number | undefined {
  const size = stated(head, 'x-linked-size')
  return size === undefined ? undefined : Number(size)
}

function linked(engine: FileEngine, path: string, over: Partial<Want> = {}): Want {
  const want = engine.file(path, over)
  return { ...want, digestIn, sizeIn, byDigest: (digest) => ({ ...want, digest }) }
}

function putLinked({ files }: FileEngine, path: string, content: Buffer): void {
  const redirected = {
    'X-Linked-ETag': `"${digestOf(content).slice(7)}"`,
    'X-Linked-Size': String(content.length),
    'Content-Disposition': 'inline',
  }
  files.put(`/${path}`, { content, etag: '"storage"', redirected })
}

suite('a file whose upstream states its digest on a redirect', () => {
  test('is known after a HEAD, which waits for no download', async (t) => {
    const engine = await startFileEngine(t)
    putLinked(engine, 'f', LARGE)
    const meta = await engine.cache.stat(linked(engine, 'f'))
    assert.deepEqual([meta.digest, meta.size], [digestOf(LARGE), LARGE.length])
    assert.deepEqual(meta.headers, { 'content-disposition': 'inline' })
    engine.files.requests.clear()
    const again = await engine.cache.stat(linked(engine, 'f'))
    assert.deepEqual([again.outcome, again.digest], ['hit', digestOf(LARGE)])
    assert.equal(engine.files.requests.count(), 0)
    const content = await engine.cache.open(linked(engine, 'f'))
    assert.equal(content.outcome, 'miss')
    assert.deepEqual(await drain(content), drainedOf(LARGE))
    assert.deepEqual(
      engine.files.requests.list().map(({ role, method }) => `${role} ${method}`),
      ['registry GET', 'cdn GET'],
    )
    await landed(engine)
    assert.equal((await engine.cache.open(linked(engine, 'f'))).outcome, 'hit')
    await assertSettled(engine)
  })

  test('is not fetched where its content is here under another name', async (t) => {
    const engine = await startFileEngine(t)
    putLinked(engine, 'f', LARGE)
    putLinked(engine, 'fork', LARGE)
    await drain(await engine.cache.open(linked(engine, 'f')))
    await landed(engine)
    engine.files.requests.clear()
    const content = await engine.cache.open(linked(engine, 'fork'))
    assert.equal(content.outcome, 'revalidated')
    assert.deepEqual(await drain(content), drainedOf(LARGE))
    assert.equal(engine.files.requests.count({ method: 'GET' }), 0)
    assert.equal(engine.files.requests.count({ method: 'HEAD', role: 'registry' }), 1)
    assert.equal((await engine.cache.open(linked(engine, 'fork'))).outcome, 'hit')
  })

  test('joins the download of another name, asked once', async (t) => {
    const engine = await startFileEngine(t)
    engine.files.bandwidth = 2_000_000
    for (const path of ['a', 'b', 'c']) putLinked(engine, path, LARGE)
    const contents = await Promise.all(['a', 'b', 'c'].map((path) => engine.cache.open(linked(engine, path))))
    for (const content of contents) assert.deepEqual(await drain(content), drainedOf(LARGE))
    assert.equal(engine.files.requests.count({ method: 'GET', role: 'cdn' }), 1)
    assert.equal(engine.files.requests.count({ method: 'HEAD', role: 'registry' }), 3)
    await assertSettled(engine)
  })

  test('never comes with other content', async (t) => {
    const engine = await startFileEngine(t)
    const other = randomBytesFrom(7, LARGE.length)
    const redirected = {
      'X-Linked-ETag': `"${digestOf(other).slice(7)}"`,
      'X-Linked-Size': String(LARGE.length),
    }
    engine.files.put('/f', { content: LARGE, redirected })
    await assert.rejects(drain(await engine.cache.open(linked(engine, 'f'))), { code: 'upstream_invalid' })
    await assertSettled(engine)
  })

  test('is fetched as it is where its upstream states none after all', async (t) => {
    const engine = await startFileEngine(t)
    engine.files.put('/f', { content: SMALL, etag: '"a"' })
    assert.deepEqual(await drain(await engine.cache.open(linked(engine, 'f'))), drainedOf(SMALL))
    await landed(engine)
    assert.equal((await engine.cache.open(linked(engine, 'f'))).outcome, 'hit')
  })
})

const seen: { size: number; digest: string; first: number }[] = []

async function refuseOdd(content: Unproven): Promise<void> {
  const buffer = Buffer.alloc(1)
  assert.equal(await content.read(buffer, content.size - 1), 1)
  await content.read(buffer, 0)
  seen.push({ size: content.size, digest: content.digest, first: buffer[0] ?? -1 })
  if (content.size % 2 === 0) return
  const said = 'has an odd length'
  throw new AppError('upstream_invalid', { detail: { said } })
}

suite('content that its front end judges', () => {
  const good = LARGE
  const bad = LARGE.subarray(1)
  for (const isKept of [true, false]) {
    const what = isKept ? 'a download' : 'what passes by unkept'
    test(`${what} never looks whole when it is refused, and is not kept`, async (t) => {
      const engine = await startFileEngine(t)
      const { files, cache } = engine
      const want = engine.file('f', { check: refuseOdd, isKept })
      files.put('/f', { content: bad, etag: '"a"' })
      const content = await cache.open(want)
      let got = 0
      const { run } = await content.read(undefined)
      const reading = async (): Promise<void> => {
        for (let piece = await run.pull(); piece !== undefined; piece = await run.pull()) {
          got += piece.bytes.length
          piece.release()
        }
      }
      await assert.rejects(reading(), { code: 'upstream_invalid' })
      assert.ok(got < bad.length, `${got} bytes left`)
      run.close()
      content.close()
      await assertSettled(engine)
      assert.equal(engine.index.entries.find(want.key), undefined)
      files.put('/f', { content: good, etag: '"b"' })
      files.requests.clear()
      await assert.rejects(cache.open(want), {
        code: 'upstream_invalid',
        detail: { said: 'has an odd length' },
      })
      await assert.rejects(cache.stat(want), { code: 'upstream_invalid' })
      assert.equal(files.requests.count(), 0)
      engine.clock.advance(31_000)
      seen.length = 0
      assert.deepEqual(await drain(await cache.open(want)), drainedOf(good))
      assert.deepEqual(seen, [{ size: good.length, digest: digestOf(good), first: good[0] }])
      await assertSettled(engine)
    })
  }

  test('what passes by unkept is judged whatever its length, and lies nowhere afterwards', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache } = engine
    for (const [path, content] of [
      ['odd', LONG],
      ['even', LONG.subarray(1)],
    ] as const) {
      files.put(`/${path}`, { content, etag: '"a"', ...(path === 'even' ? { chunked: true } : {}) })
      const opened = await cache.open(engine.file(path, { check: refuseOdd, isKept: false }))
      if (path === 'odd') await assert.rejects(drain(opened), { code: 'upstream_invalid' })
      else assert.deepEqual(await drain(opened), drainedOf(content))
      opened.close()
      await eventually('what lay aside is given back', () => engine.quota.usage().reserved === 0)
      assert.deepEqual(await readdir(engine.store.layout.parts), [])
    }
  })

  test('whoever leaves in the middle of it leaves nothing aside', async (t) => {
    const engine = await startFileEngine(t)
    engine.files.put('/f', { content: Buffer.concat([LONG, LONG]), etag: '"a"' })
    const content = await engine.cache.open(engine.file('f', { check: refuseOdd, isKept: false }))
    const { run } = await content.read(undefined)
    for (let got = 0; got < LONG.length; ) {
      const piece = await run.pull()
      assert.ok(piece !== undefined)
      got += piece.bytes.length
      piece.release()
    }
    assert.ok(engine.quota.usage().reserved > 0)
    const last = run.pull()
    run.close()
    content.close()
    assert.equal(await last, undefined)
    assert.equal(engine.quota.usage().reserved, 0)
  })

  test('where there is no room to judge it in, long content passes all the same', async (t) => {
    const engine = await startFileEngine(t, { settings: { maxSize: 4 * MIB, evictTo: 4 * MIB } })
    engine.files.put('/f', { content: LONG, etag: '"a"' })
    const content = await engine.cache.open(engine.file('f', { check: refuseOdd }))
    assert.equal(content.outcome, 'bypass')
    assert.deepEqual(await drain(content), drainedOf(LONG))
  })

  test('a document is refused too, and is not kept', async (t) => {
    const engine = await startFileEngine(t)
    const want = engine.file('f', { check: refuseOdd })
    engine.files.put('/f', { content: SMALL })
    await assert.rejects(engine.cache.read(want), { code: 'upstream_invalid' })
    assert.equal(engine.index.entries.find(want.key), undefined)
    engine.files.put('/f', { content: SMALL.subarray(1) })
    assert.deepEqual((await engine.cache.read(want)).bytes, SMALL.subarray(1))
  })
})

suite('what an upstream does not have', () => {
  test('is said in words of its protocol, with a hint of its own, and so it is remembered', async (t) => {
    const engine = await startFileEngine(t)
    const missing = { code: 'not_found', message: 'no such module', hint: 'check its path' } as const
    for (let i = 0; i < 2; i++) {
      await assert.rejects(engine.cache.read(engine.file('none', { missing })), missing)
      await assert.rejects(engine.cache.stat(engine.file('none', { missing })), missing)
      await assert.rejects(engine.cache.open(engine.file('none', { missing })), missing)
    }
    assert.equal(engine.files.requests.count(), 1)
    await assert.rejects(engine.cache.pass(engine.file('none', { missing })), missing)
  })

  test('may be said with another status', async (t) => {
    const engine = await startFileEngine(t)
    engine.files.faults.add({ fault: { status: 401 } })
    const plain = engine.file('f')
    await assert.rejects(engine.cache.read(plain), { code: 'upstream_denied' })
    await assert.rejects(engine.cache.read(plain), { code: 'upstream_denied' })
    const told = engine.file('g', { isAbsence: ({ detail }) => detail.status === 401 })
    engine.files.requests.clear()
    for (let i = 0; i < 2; i++) await assert.rejects(engine.cache.read(told), { code: 'not_found' })
    assert.equal(engine.files.requests.count(), 1)
  })
})

suite('a name that several upstreams may have', () => {
  const from = (engine: FileEngine, upstream: string, over: Partial<Want> = {}): Want =>
    engine.mutable('f', { request: { upstream, path: '/f' }, ...over })

  test('is missing at each of them on its own', async (t) => {
    const engine = await startFileEngine(t)
    const { files, mirror, cache } = engine
    mirror.put('/f', { content: SMALL, etag: '"m"' })
    await assert.rejects(cache.read(from(engine, 'files.test')), { code: 'not_found' })
    assert.deepEqual((await cache.read(from(engine, 'mirror.test'))).bytes, SMALL)
    assert.equal(cache.source(from(engine, 'mirror.test').key), 'mirror.test')
    assert.equal(files.requests.count(), 1)
    assert.equal(mirror.requests.count(), 1)
  })

  test('is confirmed by none but the one it came from', async (t) => {
    const engine = await startFileEngine(t)
    const { files, mirror, cache, clock } = engine
    mirror.put('/f', { content: SMALL, etag: '"m"' })
    await drain(await cache.open(from(engine, 'mirror.test')))
    await landed(engine)
    const meta = await cache.stat(from(engine, 'mirror.test'))
    assert.deepEqual(meta.headers, {})
    files.put('/f', { content: SMALL.subarray(1), etag: '"m"' })
    clock.advance(120_000)
    const other = await cache.open(from(engine, 'files.test'))
    assert.equal(other.outcome, 'miss')
    assert.deepEqual(await drain(other), drainedOf(SMALL.subarray(1)))
    await landed(engine)
    assert.equal(cache.source(from(engine, 'files.test').key), 'files.test')
  })
})

suite('what an upstream says before a body', () => {
  const head = (engine: FileEngine, over: Partial<Want> = {}): Want => {
    const want = engine.mutable('latest', {
      headOnly: true,
      keepHeaders: ['location', 'x-repo-commit'],
      ...over,
    })
    assert.equal(want.freshness.kind, 'revalidate')
    const request = { upstream: 'files.test', path: '/latest', follow: false }
    return { ...want, request, freshness: { ...want.freshness, by: 'etag' } }
  }

  test('is kept as a document without bytes, and moves with its redirect', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    const redirect = (commit: string): void =>
      files.put('/latest', { content: SMALL, redirected: { 'X-Repo-Commit': commit } })
    redirect('one')
    const first = await cache.read(head(engine))
    assert.equal(first.outcome, 'miss')
    assert.equal(first.headers['x-repo-commit'], 'one')
    assert.match(first.headers['location'] ?? '', /\/latest\?signature=/)
    assert.equal(first.bytes.length, 0)
    assert.equal((await cache.read(head(engine))).outcome, 'hit')
    redirect('two')
    clock.advance(120_000)
    const second = await cache.read(head(engine))
    assert.deepEqual([second.outcome, second.headers['x-repo-commit']], ['revalidated', 'two'])
    const third = await cache.read(head(engine))
    assert.deepEqual([third.outcome, third.headers['x-repo-commit']], ['hit', 'two'])
    assert.equal(files.requests.count({ method: 'GET' }), 0)
    assert.equal(files.requests.count({ role: 'cdn' }), 0)
    await files.stop()
    clock.advance(120_000)
    const stale = await cache.read(head(engine))
    assert.deepEqual([stale.outcome, stale.headers['x-repo-commit']], ['stale', 'two'])
  })
})
