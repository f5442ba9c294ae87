import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, suite, test } from 'node:test'
import { createBlobRun } from '../../src/store/blob-run.ts'
import { enterReader, giveBuffer, leaveReader, type SendBuffer, takeBuffer } from '../../src/store/buffers.ts'
import { tempDir } from '../support/temp.ts'

const KIB = 1024
const CONTENT = randomBytes(1_300_001)

suite('a run over a finished file', () => {
  test('gives every byte of its range, in pieces as long as wished', async (t) => {
    const path = join(await tempDir(t), 'file')
    await writeFile(path, CONTENT)
    const fd = openSync(path, 'r')
    t.after(() => closeSync(fd))
    const ranges = [
      [0, CONTENT.length - 1],
      [1, 1],
      [100_000, 900_000],
      [CONTENT.length - 1, CONTENT.length - 1],
    ] as const
    for (const most of [undefined, 1000]) {
      for (const [start, end] of ranges) {
        const run = createBlobRun(fd, { start, end }, () => undefined)
        const chunks: Buffer[] = []
        for (;;) {
          const piece = await run.pull(most)
          if (piece === undefined) break
          assert.ok(piece.bytes.length <= (most ?? Infinity))
          chunks.push(Buffer.from(piece.bytes))
          piece.release()
        }
        run.close()
        assert.ok(Buffer.concat(chunks).equals(CONTENT.subarray(start, end + 1)))
      }
    }
  })

  test('of a file that became shorter throws instead of ending early', async (t) => {
    const path = join(await tempDir(t), 'file')
    await writeFile(path, 'short')
    const fd = openSync(path, 'r')
    t.after(() => closeSync(fd))
    const run = createBlobRun(fd, { start: 0, end: 9 }, () => undefined)
    ;(await run.pull())?.release()
    await assert.rejects(run.pull(), { code: 'EIO' })
    run.close()
  })

  test('that is closed during a read lets go of the file only after the read', async (t) => {
    const path = join(await tempDir(t), 'file')
    await writeFile(path, CONTENT)
    const fd = openSync(path, 'r')
    let done = 0
    const run = createBlobRun(fd, { start: 0, end: CONTENT.length - 1 }, () => {
      done++
      closeSync(fd)
    })
    const reading = run.pull()
    run.close()
    run.close()
    assert.equal(done, 0)
    ;(await reading)?.release()
    assert.equal(done, 1)
    assert.equal(await run.pull(), undefined)
    assert.equal(done, 1)
  })
})

suite('buffers', () => {
  // Each new one takes the place of what is kept: none is left then.
  beforeEach(() => void Array.from({ length: 80 }, () => takeBuffer(512 * KIB)))

  test('are as large as one reader can use and no larger than what is wanted', () => {
    assert.equal(takeBuffer(10 * 1024 * KIB).length, 512 * KIB)
    assert.equal(takeBuffer(512 * KIB).length, 512 * KIB)
    assert.equal(takeBuffer(200 * KIB).length, 256 * KIB)
    assert.equal(takeBuffer(1).length, 64 * KIB)
  })

  test('are small when many read', () => {
    for (let i = 0; i < 1000; i++) enterReader()
    const size = takeBuffer(512 * KIB).length
    for (let i = 0; i < 1000; i++) leaveReader()
    assert.equal(size, 64 * KIB)
    assert.equal(takeBuffer(512 * KIB).length, 512 * KIB)
  })

  test('are used again once they were given back', () => {
    const first = takeBuffer(512 * KIB)
    giveBuffer(first)
    assert.equal(takeBuffer(512 * KIB), first)
    assert.notEqual(takeBuffer(512 * KIB), first)
  })

  test('that are kept are used for smaller reads before memory is', () => {
    const kept = takeBuffer(512 * KIB)
    giveBuffer(kept)
    assert.equal(takeBuffer(1), kept)
    assert.equal(takeBuffer(1).length, 64 * KIB)
  })

  test('that nobody asks for give way to the ones that are asked for, at once', () => {
    const small = Array.from({ length: 10 }, () => takeBuffer(1))
    for (const buffer of small) giveBuffer(buffer)
    assert.equal(takeBuffer(512 * KIB).length, 512 * KIB)
    assert.equal(small.filter(({ length }) => length === 0).length, 8)
    const left = [takeBuffer(1), takeBuffer(1)]
    assert.ok(left.every((buffer) => small.includes(buffer)))
    assert.ok(!small.includes(takeBuffer(1)))
  })

  test('beyond what is kept are no memory any more', () => {
    const many = Array.from({ length: 81 }, () => takeBuffer(512 * KIB))
    for (const buffer of many) giveBuffer(buffer)
    assert.equal(many.filter(({ length }) => length === 0).length, 1)
    const again = Array.from({ length: 80 }, () => takeBuffer(512 * KIB))
    assert.ok(again.every((buffer) => many.includes(buffer)))
  })

  test('of a size that comes back make room for it', () => {
    const small = Array.from({ length: 16 }, () => takeBuffer(1))
    const large = Array.from({ length: 80 }, () => takeBuffer(512 * KIB))
    for (const buffer of [...small, ...large]) giveBuffer(buffer)
    assert.ok(small.every(({ length }) => length === 0))
    assert.ok(large.every(({ length }) => length === 512 * KIB))
  })

  test('of many slow readers are small though large ones are kept', () => {
    const large = Array.from({ length: 80 }, () => takeBuffer(512 * KIB))
    for (const buffer of large) giveBuffer(buffer)
    const held = readBy(1000, [])
    assert.equal(sum(held), 1000 * 64 * KIB)
    // Kept ones went for them.
    assert.ok(large.every(({ length }) => length === 0))
  })

  test('of readers that were few and fast become small when many slow ones come', () => {
    const few = Array.from({ length: 64 }, () => takeBuffer(512 * KIB))
    assert.equal(sum(readBy(512, few)), 32 * 1024 * KIB)
  })
})

/** What so many readers hold after each gave back what it held and took a piece, some times. */
function readBy(readers: number, held: SendBuffer[]): SendBuffer[] {
  for (let i = 0; i < readers; i++) enterReader()
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < readers; i++) {
      const before = held[i]
      if (before !== undefined) giveBuffer(before)
      held[i] = takeBuffer(512 * KIB)
    }
  }
  for (let i = 0; i < readers; i++) leaveReader()
  return held
}

function sum(buffers: readonly SendBuffer[]): number {
  return buffers.reduce((all, { length }) => all + length, 0)
}
