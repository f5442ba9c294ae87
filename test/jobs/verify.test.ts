import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { VerifyReport } from '../../src/api/contract-work.ts'
import { MINUTE } from '../../src/domain/clock.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  blobFile,
  blobPath,
  eventually,
  KIB,
  MIB,
  manifestPath,
  pull,
  upstreamBodies,
} from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { apiOf, gc, pullImage, verify } from './support.ts'

/** A cache with one image and time that has gone by since, so that everything is due for a check. */
async function startFilled(t: TestContext) {
  const clock = fakeClock()
  const pair = await startPair(t, { clock })
  const image = pair.hub.addImage('library/app', { tags: ['1'], layers: [300 * KIB, 20 * KIB, 7 * KIB] })
  await pullImage(pair.cache, image, { repo: 'library/app', tag: '1' })
  await assertNoParts(pair.cache.dataDir)
  clock.advance(MINUTE)
  pair.hub.requests.clear()
  return { ...pair, clock, image, all: [image.manifest, image.config, ...image.layers] }
}

const found = ({ problems }: VerifyReport) =>
  problems.map(({ problem, digest, repaired }) => ({ problem, digest, repaired }))

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** What may befall a stored file, and what a check calls it. */
const HARMS = [
  ['damaged', (path: string) => flip(path)],
  ['size', (path: string) => truncate(path, 5)],
  ['missing', (path: string) => rm(path)],
  [
    'unreadable',
    async (path: string) => {
      await rm(path)
      await mkdir(join(path, 'deeper'), { recursive: true })
    },
  ],
] as const

suite('a check', () => {
  test('of everything finds nothing where nothing is wrong, and counts what it read', async (t) => {
    const { cache, all } = await startFilled(t)
    const { blobs, bytes, problems } = await verify(cache)
    assert.deepEqual({ blobs, problems }, { blobs: all.length, problems: [] })
    assert.equal(
      bytes,
      all.reduce((sum, { size }) => sum + size, 0),
    )
  })

  test('of names reads what they hold, and no more', async (t) => {
    const { hub, cache, clock, all, image } = await startFilled(t)
    const other = addBlob(hub, 9 * KIB)
    await pull(cache, other)
    await assertNoParts(cache.dataDir)
    clock.advance(MINUTE)
    await flip(blobFile(cache.dataDir, other.digest))
    const report = await verify(cache, { names: ['docker.io/library/app:1'] })
    assert.deepEqual([report.blobs, report.problems], [all.length, []])
    const [layer] = image.layers
    assert.ok(layer)
    assert.equal((await verify(cache, { names: [layer.digest] })).blobs, 1)
    assert.deepEqual(found(await verify(cache, { names: [other.digest] })), [
      { problem: 'damaged', digest: other.digest, repaired: false },
    ])
    await assert.rejects(verify(cache, { names: ['docker.io/library/none:1'] }), { code: 'not_found' })
  })

  for (const [problem, harm] of HARMS) {
    test(`finds what is ${problem}; it is fetched when it is next asked for`, async (t) => {
      const { hub, cache, all } = await startFilled(t)
      for (const { digest } of all) await harm(blobFile(cache.dataDir, digest))
      const report = await verify(cache)
      const expected = all.map(({ digest }) => ({ problem, digest, repaired: false }))
      const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1)
      assert.deepEqual(found(report).toSorted(byDigest), expected.toSorted(byDigest))
      for (const { names, digest } of report.problems)
        assert.ok(names.includes(`docker.io/library/app@${digest}`), names.join())
      assert.equal(hub.requests.count({ method: 'GET' }), 0)
      assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'miss')
      for (const { digest } of all.slice(1))
        assert.equal((await cache.fetch(blobPath(digest))).headers['x-cache'], 'miss')
      await assertStoreSound(cache.dataDir)
      assert.deepEqual((await verify(cache)).problems, [])
    })

    test(`mends what is ${problem} with one question each`, async (t) => {
      const { hub, cache, all } = await startFilled(t)
      for (const { digest } of all) await harm(blobFile(cache.dataDir, digest))
      const report = await verify(cache, { repair: true })
      assert.deepEqual(
        report.problems.map((one) => [one.problem, one.repaired, one.why]),
        all.map(() => [problem, true, undefined]),
      )
      for (const { digest } of all) assert.equal(upstreamBodies(hub, digest), 1)
      await assertStoreSound(cache.dataDir)
      for (const { digest } of all.slice(1))
        assert.equal((await cache.fetch(blobPath(digest))).headers['x-cache'], 'hit')
      assert.equal((await cache.fetch(manifestPath(all[0]?.digest ?? ''))).headers['x-cache'], 'hit')
    })
  }

  test('says why it cannot mend, and the next pull after the upstream is back does', async (t) => {
    const { hub, cache, image } = await startFilled(t)
    const [layer] = image.layers
    assert.ok(layer)
    await flip(blobFile(cache.dataDir, layer.digest))
    await hub.stop()
    const [problem] = (await verify(cache, { repair: true })).problems
    assert.equal(problem?.repaired, false)
    assert.match(problem.why ?? '', /upstream|connect|reach/i)
    await hub.start()
    await eventually('it is fetched', async () => (await cache.fetch(blobPath(layer.digest))).status === 200)
    await assertStoreSound(cache.dataDir)
  })

  test('finds files that nothing leads to, and takes them away when it mends', async (t) => {
    const { cache } = await startFilled(t)
    const stray = blobFile(cache.dataDir, `sha256:${'7'.repeat(64)}`)
    await mkdir(dirname(stray), { recursive: true })
    await writeFile(stray, 'x')
    await writeFile(join(dirname(stray), 'notes.txt'), 'x')
    const strays = [
      { problem: 'stray', digest: `sha256:${'7'.repeat(64)}` },
      { problem: 'stray', digest: '77/notes.txt' },
    ]
    assert.deepEqual(
      found(await verify(cache)),
      strays.map((one) => ({ ...one, repaired: false })),
    )
    const mended = await verify(cache, { repair: true })
    assert.deepEqual(
      found(mended),
      strays.map((one) => ({ ...one, repaired: true })),
    )
    assert.deepEqual(await readdir(dirname(stray)), [])
    await assertStoreSound(cache.dataDir)
  })
})

suite('a check that is paced', () => {
  test('takes at least as long as its rate asks', async (t) => {
    const { cache, all } = await startFilled(t)
    const bytes = all.reduce((sum, { size }) => sum + size, 0)
    const { ms } = await verify(cache, { rate: MIB })
    assert.ok(ms >= (bytes / MIB) * 1000 - 20, `${ms} ms for ${bytes} bytes`)
  })

  test('begins with what was checked longest ago; what was read before it was ended counts', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const blobs = [addBlob(hub, 5 * KIB), addBlob(hub, 60 * KIB), addBlob(hub, 6 * KIB)]
    for (const blob of blobs) {
      await pull(cache, blob)
      await assertNoParts(cache.dataDir)
      clock.advance(MINUTE)
    }
    const [first, second, third] = blobs.map(({ digest }) => digest)
    assert.equal(await firstOf(cache, 20 * KIB), first)
    clock.advance(MINUTE)
    assert.equal(await firstOf(cache, 20 * KIB), second)
    clock.advance(MINUTE)
    assert.equal(await firstOf(cache, 0), third)
    clock.advance(MINUTE)
    assert.equal((await verify(cache)).blobs, 3)
    assert.equal((await verify(cache)).blobs, 0, 'nothing was checked before this moment')
  })
})

/** Ends a run after its first content, and waits until it has ended. */
async function firstOf(cache: Parameters<typeof apiOf>[0], rate: number): Promise<string | undefined> {
  const abort = new AbortController()
  const ask = { names: [], repair: false, rate }
  let subject: string | undefined
  try {
    for await (const line of apiOf(cache).stream('/verify', ask, { signal: abort.signal })) {
      if (line.type === 'progress') subject ??= line.subject
      abort.abort()
    }
  } catch {
    assert.ok(abort.signal.aborted)
  }
  await eventually('the run has ended', async () => {
    const [job] = (await apiOf(cache).get('/jobs', {})).items
    return job?.job === 'verify' && job.endedAt !== undefined
  })
  return subject
}

test('checks find nothing wrong while content comes and goes', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock, config: { storage: { max_size: '4MiB' } } })
  const blobs = Array.from({ length: 30 }, () => addBlob(hub, 300 * KIB))
  let checks = 0
  const pulls = (async () => {
    for (let turn = 0; turn < 4 || checks < 5; turn++) {
      for (const blob of blobs) await pull(cache, blob)
      clock.advance(MINUTE)
      await gc(cache, { to: 0, grace: 0 })
    }
  })()
  let isOver = false
  void pulls.finally(() => {
    isOver = true
  })
  while (!isOver) {
    assert.deepEqual((await verify(cache)).problems, [])
    checks++
  }
  await pulls
  await assertStoreSound(cache.dataDir)
  assert.deepEqual(cache.log.find(/fetched again/), [])
})
