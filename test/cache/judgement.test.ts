import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { judge, mayServeStale, staleWarning } from '../../src/cache/freshness.ts'
import { createHot, isSmall } from '../../src/cache/hot.ts'
import { createNegative } from '../../src/cache/negative.ts'
import { isManifest, referencesOf } from '../../src/cache/references.ts'
import { createTroubleReport, isTrouble, NoRoom } from '../../src/cache/trouble.ts'
import type { Freshness } from '../../src/cache/want.ts'
import type { Entry } from '../../src/db/entries.ts'
import { createCoalesce } from '../../src/domain/coalesce.ts'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { AppError } from '../../src/domain/errors.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'

const MIB = 1024 * 1024

suite('freshness', () => {
  const freshness: Freshness = {
    kind: 'revalidate',
    ttl: 1000,
    staleIfError: 5000,
    whenDeleted: 'keep',
    by: 'digest',
    metered: true,
  }
  const entry: Entry = {
    digest: digestOf(Buffer.from('x')),
    size: 1,
    mediaType: undefined,
    etag: undefined,
    headers: {},
    fetchedAt: 0,
    checkedAt: 10_000,
    blob: { size: 1, stamp: 1 },
    previous: undefined,
  }

  test('ends exactly at the ttl, and staleness exactly after its limit', () => {
    assert.equal(judge(entry, freshness, 10_999), 'fresh')
    assert.equal(judge(entry, freshness, 11_000), 'stale')
    assert.equal(judge(undefined, freshness, 11_000), 'absent')
    assert.equal(mayServeStale(entry, freshness, 15_000), true)
    assert.equal(mayServeStale(entry, freshness, 15_001), false)
  })

  test('of a confirmation from the future counts from now', () => {
    assert.equal(judge(entry, freshness, 0), 'fresh')
    assert.equal(mayServeStale(entry, freshness, -1e12), true)
    assert.match(staleWarning(entry, 'why', 0), /^served stale: why; last confirmed 0 ms ago$/)
  })

  test('of what cannot change never ends', () => {
    assert.equal(judge(entry, { kind: 'immutable' }, 1e15), 'fresh')
    assert.equal(mayServeStale(entry, { kind: 'immutable' }, 1e15), true)
  })
})

suite('negative answers', () => {
  test('are known for the ttl of the moment they came', () => {
    const clock = fakeClock()
    let ttl = 1000
    const negative = createNegative(clock, () => ttl)
    const error = new AppError('manifest_unknown')
    negative.add('a', error)
    ttl = 0
    negative.add('b', error)
    assert.equal(negative.find('a'), error)
    assert.equal(negative.find('b'), undefined)
    clock.advance(999)
    assert.equal(negative.find('a'), error)
    clock.advance(1)
    assert.equal(negative.find('a'), undefined)
    negative.forget('a')
  })

  test('are bounded: the oldest goes first', () => {
    const negative = createNegative(fakeClock(), () => 1000, 3)
    for (const key of ['a', 'b', 'c', 'd']) negative.add(key, new AppError('blob_unknown'))
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => negative.find(key) !== undefined),
      [false, true, true, true],
    )
  })
})

suite('hot content', () => {
  const name = (n: number): Sha256 => `sha256:${String(n).padStart(64, '0')}`

  test('takes at most 64 MiB, least recently used first out', () => {
    const hot = createHot()
    const piece = Buffer.alloc(MIB / 2)
    for (let n = 0; n < 128; n++) hot.put(name(n), piece)
    assert.ok(hot.get(name(0)))
    hot.put(name(128), piece)
    assert.ok(hot.get(name(0)), 'it was just used')
    assert.equal(hot.get(name(1)), undefined)
    for (let n = 0; n < 1000; n++) hot.put(name(0), piece)
    assert.ok(hot.get(name(128)), 'the same content again takes no more room')
    hot.drop(name(0))
    hot.drop(name(0))
    assert.equal(hot.get(name(0)), undefined)
  })

  test('keeps nothing large', () => {
    const hot = createHot()
    hot.put(name(1), Buffer.alloc(MIB))
    assert.equal(hot.get(name(1)), undefined)
    assert.equal(isSmall(512 * 1024), true)
    assert.equal(isSmall(512 * 1024 + 1), false)
  })
})

suite('work that several ask for', () => {
  test('runs once at a time, and everybody gets its result', async () => {
    const coalesce = createCoalesce<number>()
    let runs = 0
    const ask = () => coalesce.run('key', async () => ++runs)
    const asked = [ask(), ask(), ask()]
    assert.deepEqual(
      asked.map(({ joined }) => joined),
      [false, true, true],
    )
    assert.deepEqual(await Promise.all(asked.map(({ result }) => result)), [1, 1, 1])
    assert.equal(coalesce.running('key'), false)
    assert.equal(await ask().result, 2)
    assert.equal(await coalesce.run('other', async () => 9).result, 9)
  })

  test('fails for everybody who asked, is no unhandled rejection, and runs again', async () => {
    const coalesce = createCoalesce<number>()
    const asked = [1, 2].map(() => coalesce.run('key', () => Promise.reject(new Error('once'))))
    const alone = coalesce.run('alone', () => Promise.reject(new Error('nobody listens')))
    for (const { result } of asked) await assert.rejects(result, /once/)
    await new Promise(setImmediate)
    assert.equal(alone.joined, false)
    assert.equal(await coalesce.run('key', async () => 5).result, 5)
  })
})

suite('references of a manifest', () => {
  const digest = (letter: string): Sha256 => `sha256:${letter.repeat(64)}`

  test('are its config, layers and manifests, each once', () => {
    const json = {
      config: { digest: digest('a'), size: 1 },
      layers: [
        { digest: digest('b'), size: 2 },
        { digest: digest('b'), size: 2 },
      ],
      manifests: [{ digest: digest('c'), size: 3 }],
    }
    assert.deepEqual(referencesOf(Buffer.from(JSON.stringify(json))), [
      { child: digest('b'), size: 2 },
      { child: digest('c'), size: 3 },
      { child: digest('a'), size: 1 },
    ])
  })

  test('that are malformed are none', () => {
    for (const json of [
      'no json',
      'null',
      '[]',
      '{"layers":{}}',
      '{"layers":[null,1,"x",[],{"digest":5,"size":1}]}',
      `{"layers":[{"digest":"${digest('a')}","size":-1},{"digest":"${digest('a')}","size":1.5},{"digest":"${digest('a')}"}]}`,
      '{"layers":[{"digest":"sha256:short","size":1}],"config":7}',
      `{"layers":[{"digest":"sha512:${'a'.repeat(128)}","size":1}]}`,
    ]) {
      assert.deepEqual(referencesOf(Buffer.from(json)), [], json)
    }
  })

  test('are looked for in manifests only', () => {
    for (const type of [
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.oci.image.index.v1+json',
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
    ]) {
      assert.equal(isManifest(type), true, type)
    }
    for (const type of [undefined, 'application/json', 'application/octet-stream'])
      assert.equal(isManifest(type), false)
  })
})

test('trouble is reported once a minute, with what was not reported', () => {
  const clock = fakeClock()
  const log = collectorLog()
  const report = createTroubleReport(log, clock)
  for (let i = 0; i < 5; i++) report(new Error('disk full'))
  clock.advance(60_000)
  report(new Error('still full'))
  assert.deepEqual(
    log.entries.map(({ level, fields }) => [level, fields['times'], fields['why']]),
    [
      ['warn', 1, 'disk full'],
      ['warn', 5, 'still full'],
    ],
  )
})

test('trouble is what the disk does to us, nothing else', () => {
  for (const code of ['ENOSPC', 'EROFS', 'EIO', 'EMFILE', 'EDQUOT']) {
    assert.equal(isTrouble(Object.assign(new Error(code), { code })), true, code)
  }
  assert.equal(isTrouble(new NoRoom('none')), true)
  for (const error of [
    new Error('x'),
    new AppError('upstream_failed'),
    undefined,
    'text',
    { code: 'ECONNRESET' },
  ]) {
    assert.equal(isTrouble(error), false)
  }
})
