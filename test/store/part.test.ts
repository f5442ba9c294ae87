import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { type Digest, digestOf } from '../../src/domain/digest.ts'
import type { Run } from '../../src/domain/run.ts'
import { createReceiver } from '../../src/domain/slabs.ts'
import type { Part } from '../../src/store/part.ts'
import { createPartRun } from '../../src/store/part-run.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

async function openStore(t: Cleanup): Promise<Store> {
  return createStore(await tempDir(t), () => true)
}

async function begin(t: TestContext, expected?: Digest): Promise<Part> {
  const part = await (await openStore(t)).begin('sha256-x', expected)
  t.after(() => part.release())
  return part
}

async function fill(part: Part, bytes: Buffer, chunk = 50_000): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunk) await part.write(bytes.subarray(at, at + chunk))
  await part.flushed()
}

function run(
  part: Part,
  options: { start?: number; end?: number; onward?: (from: number) => Run } = {},
): Run {
  return createPartRun({
    part,
    start: options.start ?? 0,
    end: options.end,
    expected: undefined,
    onward: options.onward ?? (() => assert.fail('nothing is wrong with the disk')),
    done: () => undefined,
  })
}

async function drain(from: Run): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (;;) {
    const piece = await from.pull()
    if (piece === undefined) break
    chunks.push(Buffer.from(piece.bytes))
    piece.release()
  }
  from.close()
  return Buffer.concat(chunks)
}

const CONTENT = randomBytes(700_001)

/** All but the first thousand bytes of CONTENT come, to each of them. */
async function assertTheRest(part: Part, readers: readonly Run[]): Promise<void> {
  const rest = readers.map(drain)
  await fill(part, CONTENT.subarray(1000), 30_000)
  await part.verify(undefined)
  for (const bytes of await Promise.all(rest)) assert.ok(bytes.equals(CONTENT.subarray(1000)))
}

suite('a part', () => {
  test('holds what was written, in order, and names it by SHA-256', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    await fill(part, CONTENT)
    assert.equal(part.size, CONTENT.length)
    assert.equal(part.taken, CONTENT.length)
    assert.equal(await part.verify(digestOf(CONTENT)), digestOf(CONTENT))
    assert.equal(part.state, 'whole')
    assert.ok((await readFile(part.path)).equals(CONTENT))
  })

  test('proves a SHA-512 and still gives the SHA-256', async (t) => {
    const sha512: Digest = `sha512:${createHash('sha512').update(CONTENT).digest('hex')}`
    const part = await begin(t, sha512)
    await fill(part, CONTENT)
    assert.equal(await part.verify(sha512), digestOf(CONTENT))
  })

  test('with other content than expected is not whole', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    await fill(part, CONTENT)
    assert.equal(await part.verify(digestOf(Buffer.from('other'))), undefined)
    assert.equal(part.state, 'growing')
    assert.equal(part.readable, CONTENT.length - 1)
  })

  test('keeps the last byte back until it is verified, with and without a known length', async (t) => {
    for (const total of [undefined, 10]) {
      const part = await begin(t)
      part.expect(total)
      await fill(part, Buffer.alloc(10))
      assert.equal(part.readable, 9)
      await part.verify(undefined)
      assert.equal(part.readable, 10)
    }
    const part = await begin(t)
    part.expect(100)
    await fill(part, Buffer.alloc(10))
    assert.equal(part.readable, 10)
  })

  test('continues what an earlier run left', async (t) => {
    const store = await openStore(t)
    for (const here of [1, 300_000, CONTENT.length - 1]) {
      await writeFile(store.layout.part('sha256-y'), CONTENT.subarray(0, here))
      const part = await store.begin('sha256-y', undefined)
      assert.equal(part.size, here)
      await fill(part, CONTENT.subarray(here))
      assert.equal(await part.verify(undefined), digestOf(CONTENT))
      part.release()
    }
  })

  test('forgets everything at a restart', async (t) => {
    const store = await openStore(t)
    await writeFile(store.layout.part('sha256-z'), 'an earlier version')
    const part = await store.begin('sha256-z', undefined)
    t.after(() => part.release())
    await part.restart()
    assert.equal(part.size, 0)
    assert.equal(part.taken, 0)
    await fill(part, CONTENT)
    assert.equal(await part.verify(undefined), digestOf(CONTENT))
    assert.ok((await readFile(part.path)).equals(CONTENT))
  })

  test('holds its writer while too much waits for the disk', async (t) => {
    const part = await begin(t)
    const waits = Array.from({ length: 40 }, () => part.write(randomBytes(64 * 1024)))
    assert.ok(waits.some((wait) => wait !== undefined))
    for (const wait of waits) await wait
    await part.flushed()
    assert.equal(part.size, 40 * 64 * 1024)
  })

  test('that nobody has open any more writes no more', async (t) => {
    const part = await (await openStore(t)).begin('sha256-w', undefined)
    void part.write(CONTENT.subarray(0, 1000))
    // Its descriptor may be the one of another file soon.
    part.release()
    assert.equal(part.state, 'dropped')
    await part.flushed()
    assert.equal(part.size, 0)
  })

  test('on a disk that fails is broken, and what was not written can still be had', async (t) => {
    const store = await openStore(t)
    const part = await store.begin('sha256-b', undefined)
    t.after(() => part.release())
    part.expect(CONTENT.length)
    await fill(part, CONTENT.subarray(0, 100_000))
    void part.write(CONTENT.subarray(100_000, 150_000))
    part.break(new Error('no space'))
    void part.write(CONTENT.subarray(150_000))
    await part.flushed()
    assert.equal(part.state, 'broken')
    const from = part.size
    assert.equal(part.taken, 150_000)
    const rest = part.unwritten(from)
    if (from < 150_000) assert.ok(rest?.equals(CONTENT.subarray(from, 150_000)))
  })
})

suite('a reader of a growing part', () => {
  test('reads behind the writer and ends with it', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    const readers = [run(part), run(part, { start: 5 }), run(part, { start: 10, end: 499_999 })].map(drain)
    await fill(part, CONTENT, 30_000)
    await part.verify(undefined)
    const [whole, later, range] = await Promise.all(readers)
    assert.ok(whole?.equals(CONTENT))
    assert.ok(later?.equals(CONTENT.subarray(5)))
    assert.ok(range?.equals(CONTENT.subarray(10, 500_000)))
  })

  test('that keeps up gets what was received before it is on disk', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    const reader = run(part)
    for (const [from, to] of [
      [0, 1000],
      [1000, 50_000],
    ] as const) {
      const pulled = reader.pull()
      void part.write(CONTENT.subarray(from, to))
      const piece = await pulled
      assert.equal(part.size, 0)
      assert.ok(piece?.bytes.equals(CONTENT.subarray(from, to)))
      piece?.release()
    }
    reader.close()
  })

  test('gets a copy of what was just received where there are very many of them', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    const readers = Array.from({ length: 300 }, () => run(part))
    void part.write(CONTENT.subarray(0, 1000))
    const pieces = await Promise.all(readers.map((reader) => reader.pull()))
    assert.equal(part.size, 0)
    for (const piece of pieces) {
      assert.ok(piece?.bytes.equals(CONTENT.subarray(0, 1000)))
      assert.notEqual(piece?.bytes.buffer, CONTENT.buffer)
    }
    for (const piece of pieces) piece?.release()
    await assertTheRest(part, readers)
  })

  test('gets every byte where very many wait and are told a little later', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    const readers = Array.from({ length: 100 }, () => run(part))
    const pulled = readers.map((reader) => reader.pull())
    void part.write(CONTENT.subarray(0, 1000))
    for (const piece of await Promise.all(pulled)) {
      assert.ok(piece?.bytes.equals(CONTENT.subarray(0, 1000)))
      piece?.release()
    }
    await assertTheRest(part, readers)
  })

  test('hears of its first byte at once, however many wait', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    const hears = (): number[] => {
      const told: number[] = []
      for (let reader = 0; reader < 100; reader++) part.listen(() => told.push(reader))
      return told
    }
    const first = hears()
    void part.write(CONTENT.subarray(0, 1000))
    assert.equal(first.length, 100)
    const second = hears()
    void part.write(CONTENT.subarray(1000, 2000))
    assert.equal(second.length, 0)
    await part.flushed()
  })

  test('holds bytes from memory that stay as they are until it releases them', async (t) => {
    const part = await begin(t)
    const receiver = createReceiver()
    const room = receiver.room()
    room.set(CONTENT.subarray(0, room.length))
    const reader = run(part)
    const pulled = reader.pull()
    void part.write(receiver.received(room.length))
    // The slab is full, and all of it is given back once it is on disk.
    receiver.room()
    const piece = await pulled
    await part.flushed()
    for (let i = 0; i < 8; i++) createReceiver().room().fill(0)
    // Without a known length the last byte stays back.
    assert.ok(piece?.bytes.equals(CONTENT.subarray(0, room.length - 1)))
    piece?.release()
    reader.close()
  })

  test('gets what is here and then the reason when the download is given up', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    await fill(part, CONTENT.subarray(0, 1000))
    const reader = run(part)
    const piece = await reader.pull()
    assert.equal(piece?.bytes.length, 1000)
    piece?.release()
    part.drop(new Error('given up'))
    await assert.rejects(reader.pull(), /given up/)
    reader.close()
  })

  test('that leaves while it waits is let go at once, and once', async (t) => {
    const part = await begin(t)
    let done = 0
    const reader = createPartRun({
      part,
      start: 0,
      end: undefined,
      expected: undefined,
      onward: () => assert.fail(),
      done: () => done++,
    })
    const waiting = reader.pull()
    reader.close()
    reader.close()
    assert.equal(await waiting, undefined)
    assert.equal(done, 1)
  })

  test('goes on without the disk when it breaks', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    await fill(part, CONTENT.subarray(0, 100_000))
    part.break(new Error('no space'))
    const reader = run(part, { onward: rest })
    assert.ok((await drain(reader)).equals(CONTENT))
  })
})

/** Goes on with `CONTENT` from wherever it is asked to. */
function rest(from: number): Run {
  let left: Buffer | undefined = CONTENT.subarray(from)
  return {
    pull: async () => {
      const bytes = left
      left = undefined
      return bytes === undefined ? undefined : { bytes, release: () => undefined }
    },
    close: () => undefined,
  }
}

suite('a reader that has caught up when the disk fails', () => {
  for (const total of [undefined, CONTENT.length]) {
    test(`loses no byte and gains none, length ${total ?? 'unknown'}`, async (t) => {
      const part = await begin(t)
      part.expect(total)
      await fill(part, CONTENT.subarray(0, 100_000))
      const starts: number[] = []
      const onward = (from: number): Run => {
        starts.push(from)
        return rest(from)
      }
      const caughtUp = run(part, { onward })
      const first = await caughtUp.pull()
      const got: Buffer[] = [Buffer.from(first?.bytes ?? [])]
      first?.release()
      assert.equal(got[0]?.length, part.readable)
      const waiting = drain(caughtUp)
      // One chunk is on its way to the disk, one waits, when it is over.
      void part.write(CONTENT.subarray(100_000, 150_000))
      void part.write(CONTENT.subarray(150_000, 200_000))
      part.break(new Error('no room'))
      got.push(await waiting)
      assert.ok(Buffer.concat(got).equals(CONTENT))
      assert.deepEqual(starts, [200_000])
    })
  }

  test('holds bytes that stay as they are, whatever is received meanwhile', async (t) => {
    const part = await begin(t)
    const receiver = createReceiver()
    const room = receiver.room()
    room.set(CONTENT.subarray(0, room.length))
    const chunk = receiver.received(room.length)
    // The slab is full and may be used again as soon as its bytes are on disk.
    receiver.room()
    void part.write(chunk)
    part.break(new Error('no room'))
    const reader = run(part, { onward: rest })
    const piece = await reader.pull()
    await part.flushed()
    for (let i = 0; i < 8; i++) createReceiver().room().fill(0)
    assert.ok(piece)
    assert.ok(piece.bytes.length > 0 && piece.bytes.equals(CONTENT.subarray(0, piece.bytes.length)))
    piece.release()
    reader.close()
  })

  test('never gets the last byte of content that is wrong, though all of it is on disk', async (t) => {
    const part = await begin(t)
    part.expect(CONTENT.length)
    await fill(part, CONTENT)
    part.break(new Error('cannot be read'))
    const reader = createPartRun({
      part,
      start: 0,
      end: undefined,
      expected: digestOf(Buffer.from('other')),
      onward: () => assert.fail('everything is here'),
      done: () => undefined,
    })
    let bytes = 0
    const reading = (async () => {
      for (;;) {
        const piece = await reader.pull()
        assert.ok(piece, 'it looks complete')
        bytes += piece.bytes.length
        piece.release()
      }
    })()
    await assert.rejects(reading, /cannot be read/)
    assert.equal(bytes, CONTENT.length - 1)
    reader.close()
  })

  test('is not given bytes of the file from memory', async (t) => {
    const part = await begin(t)
    await fill(part, CONTENT)
    part.break(new Error('no room'))
    assert.throws(() => part.unwritten(CONTENT.length - 1), RangeError)
    assert.equal(part.unwritten(CONTENT.length), undefined)
  })
})

test('a file is kept open until writer and readers have left', async (t) => {
  const store = await openStore(t)
  const part = await store.begin('sha256-f', undefined)
  await fill(part, CONTENT)
  await part.verify(undefined)
  const reader = run(part)
  part.release()
  await store.discard(part)
  assert.ok((await drain(reader)).equals(CONTENT))
  assert.equal(await readFile(join(store.layout.parts, 'sha256-f')).catch(() => undefined), undefined)
})
