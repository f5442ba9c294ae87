import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Header, Parser } from 'tar'
import { BLOCK, END, fileHeader, folderHeader, paddingOf } from '../../src/packages/tar.ts'

const GIB = 1024 ** 3

suite('headers of archives', () => {
  test('say path and size, and nothing of time, owner or machine', () => {
    const header = new Header(fileHeader('blobs/sha256/ab', 1234))
    assert.deepEqual(
      [header.path, header.size, header.type, header.mode, header.uid, header.gid, header.mtime?.getTime()],
      ['blobs/sha256/ab', 1234, 'File', 0o644, 0, 0, 0],
    )
    assert.ok(header.cksumValid)
    assert.deepEqual(fileHeader('a', 5), fileHeader('a', 5))
    assert.equal(new Header(folderHeader('blobs')).type, 'Directory')
  })

  test('hold the longest path there is: a blob named by SHA-512', () => {
    const path = `blobs/sha512/${'a'.repeat(128)}`
    const names: string[] = []
    const parser = new Parser({ strict: true, onReadEntry: (entry) => void names.push(entry.path) })
    parser.end(Buffer.concat([fileHeader(path, 0), END]))
    assert.deepEqual(names, [path])
    assert.deepEqual(fileHeader(path, 0), fileHeader(path, 0))
  })

  for (const [size, isBase256] of [
    [8 * GIB - 1, false],
    [8 * GIB, true],
    [9 * GIB, true],
    [2 ** 45 + 1, true],
  ] as const)
    test(`take ${size} bytes${isBase256 ? ' in base 256' : ''}`, () => {
      const header = fileHeader('blobs/sha256/ab', size)
      const field = header.subarray(124, 136)
      assert.equal((field[0] ?? 0) === 0x80, isBase256)
      assert.equal(isBase256 ? Number(field.readBigUInt64BE(4)) : parseInt(field.toString(), 8), size)
      assert.ok(new Header(header).cksumValid && new Header(header).size === size)
    })

  test('are followed by whole blocks', () => {
    assert.deepEqual([0, 1, 511, 512, 513].map(paddingOf), [0, 511, 1, 0, 511])
    assert.ok(END.length === 2 * BLOCK && END.every((byte) => byte === 0))
  })
})
