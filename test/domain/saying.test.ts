import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { because, REASONS } from '../../src/domain/reasons.ts'
import { fill } from '../../src/domain/saying.ts'

suite('sentences with places', () => {
  test('are filled, and what is filled in is never read again', () => {
    assert.equal(fill('{a} and {b}, {a}', { a: '{b}', b: 2 }), '{b} and 2, {b}')
    assert.equal(fill('{a} {toString}', { a: '$&' }), '$& {toString}')
  })

  test('make the message of an error, which knows what it was made of', () => {
    const error = new AppError('not_found', because('not_cached', { name: 'a/b:1' }))
    assert.equal(error.message, 'a/b:1 is not cached')
    assert.deepEqual(error.why, { id: 'not_cached', params: { name: 'a/b:1' } })
    assert.equal(new AppError('denied').why, undefined)
  })

  test('are one line each, and no two are the same', () => {
    const texts = Object.values(REASONS)
    assert.equal(new Set(texts).size, texts.length)
    for (const text of texts) assert.match(text, /^[^\n]+[^.\s]$/)
  })
})
