import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { MIB } from '../../src/domain/units.ts'
import {
  bytesContent,
  contentBytes,
  contentDigest,
  generatedContent,
  generatedDigest,
  views,
} from '../support/fake-content.ts'

void describe('generated content', () => {
  const spec = { size: 3 * MIB + 17, seed: 7 }
  const content = generatedContent(spec)
  const whole = contentBytes(content)

  void it('has its size and is the same every time', () => {
    assert.equal(whole.length, spec.size)
    assert.deepEqual(contentBytes(generatedContent(spec)), whole)
  })

  void it('reads the same bytes from every offset', () => {
    for (const [start, end] of [
      [0, 1],
      [4095, 4097],
      [5, 2 * MIB],
      [MIB - 1, MIB + 1],
      [spec.size - 1, spec.size],
    ] as const) {
      assert.deepEqual(contentBytes(content, start, end), whole.subarray(start, end), `${start}-${end}`)
    }
  })

  void it('is named by the digest of its bytes', () => {
    assert.equal(generatedDigest(spec), digestOf(whole))
    assert.equal(generatedDigest(spec, 'sha512'), digestOf(whole, 'sha512'))
  })

  void it('differs by seed in its head and its tail', () => {
    const other = contentBytes(generatedContent({ ...spec, seed: 8 }))
    assert.notDeepEqual(other.subarray(0, 64), whole.subarray(0, 64))
    assert.notDeepEqual(other.subarray(-64), whole.subarray(-64))
  })

  void it('has no two equal chunks of a power of two, so order matters', () => {
    const chunks = [0, 1, 2].map((i) => digestOf(whole.subarray(i * MIB, (i + 1) * MIB)))
    assert.equal(new Set(chunks).size, 3)
  })

  void it('may be empty', () => {
    assert.deepEqual([...views(generatedContent({ size: 0, seed: 1 }))], [])
  })
})

void describe('content of bytes', () => {
  void it('hands out views no larger than one MiB', () => {
    const content = bytesContent(Buffer.alloc(2 * MIB + 1, 'a'))
    assert.deepEqual(
      [...views(content)].map((view) => view.length),
      [MIB, MIB, 1],
    )
    assert.equal(contentDigest(content), digestOf(Buffer.alloc(2 * MIB + 1, 'a')))
  })
})
