import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ContentHash, hashFile } from '../../src/store/content-hash.ts'
import { tempDir } from '../support/temp.ts'

const MIB = 1024 * 1024

async function openTemp(t: TestContext): Promise<number> {
  const fd = openSync(join(await tempDir(t), 'file'), 'w+')
  t.after(() => closeSync(fd))
  return fd
}

const hex = (algorithm: string, bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex')

for (const size of [0, 1, MIB, MIB + 1, 5 * MIB + 7]) {
  void test(`${size} bytes have the right hashes, however they come`, async (t) => {
    const fd = await openTemp(t)
    const content = randomBytes(size)
    const hash = new ContentHash(fd, ['sha256', 'sha512'])
    let at = 0
    for (const step of [1, 1000, 300_000, size]) {
      const chunk = content.subarray(at, at + step)
      hash.take(chunk)
      writeSync(fd, chunk, 0, chunk.length, at)
      at += chunk.length
      hash.written(at)
    }
    assert.deepEqual(await hash.finish(size), [hex('sha256', content), hex('sha512', content)])
    await hash.drop()
  })
}

void test('bytes of an earlier run are hashed before those that come', async (t) => {
  const fd = await openTemp(t)
  const content = randomBytes(3 * MIB)
  writeSync(fd, content, 0, 2 * MIB, 0)
  const hash = new ContentHash(fd, ['sha256'])
  hash.adopt(2 * MIB)
  hash.take(content.subarray(2 * MIB))
  writeSync(fd, content, 2 * MIB, MIB, 2 * MIB)
  hash.written(3 * MIB)
  assert.deepEqual(await hash.finish(3 * MIB), [hex('sha256', content)])
})

void test('a file that shrank is an error, not a hash', async (t) => {
  const fd = await openTemp(t)
  writeSync(fd, randomBytes(2 * MIB))
  const hash = new ContentHash(fd, ['sha256'])
  hash.adopt(2 * MIB)
  ftruncateSync(fd, 100)
  await assert.rejects(hash.finish(3 * MIB), /ends at/)
  await hash.drop()
})

void test('a hash that is dropped lets go of its file and answers nobody', async (t) => {
  const fd = await openTemp(t)
  writeSync(fd, randomBytes(2 * MIB))
  const hash = new ContentHash(fd, ['sha256'])
  hash.adopt(2 * MIB)
  await hash.drop()
})

void test('many files are hashed side by side', async (t) => {
  const files = await Promise.all(Array.from({ length: 12 }, () => openTemp(t)))
  await Promise.all(
    files.map(async (fd, i) => {
      const content = randomBytes(MIB + i * 100_000)
      writeSync(fd, content)
      const hash = new ContentHash(fd, ['sha256'])
      hash.adopt(content.length)
      assert.deepEqual(await hash.finish(content.length), [hex('sha256', content)])
    }),
  )
})

void test('a hash can go on in memory where the file stopped', async (t) => {
  const fd = await openTemp(t)
  const content = randomBytes(100_000)
  writeSync(fd, content, 0, 60_000, 0)
  const hash = await hashFile('sha256', { fd, size: 60_000 }, [content.subarray(60_000)])
  assert.equal(hash.digest('hex'), hex('sha256', content))
})
