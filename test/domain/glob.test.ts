import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { createGlob, createImageGlob } from '../../src/domain/glob.ts'

/** The meaning of a glob, character by character. */
function fits(glob: string, text: string): boolean {
  if (glob === '') return text === ''
  if (glob.startsWith('**')) {
    const rest = glob.replace(/^\*+/, '')
    return Array.from({ length: text.length + 1 }, (_, at) => at).some((at) => fits(rest, text.slice(at)))
  }
  if (glob.startsWith('*')) {
    const most = text.includes('/') ? text.indexOf('/') : text.length
    return Array.from({ length: most + 1 }, (_, at) => at).some((at) => fits(glob.slice(1), text.slice(at)))
  }
  if (text === '' || (glob[0] === '?' ? text[0] === '/' : glob[0] !== text[0])) return false
  return fits(glob.slice(1), text.slice(1))
}

suite('a glob', () => {
  test('stays within a path component, except for two stars', () => {
    const cases: readonly (readonly [glob: string, text: string, isMatch: boolean])[] = [
      ['docker.io/library/*', 'docker.io/library/nginx', true],
      ['docker.io/*', 'docker.io/library/nginx', false],
      ['docker.io/**', 'docker.io/library/nginx', true],
      ['**/nginx', 'docker.io/library/nginx', true],
      ['**nginx**', 'docker.io/library/nginx', true],
      ['docker.io/**/nginx', 'docker.io/nginx', false],
      ['ghcr.io/a?c/*', 'ghcr.io/abc/d', true],
      ['ghcr.io/a?c/*', 'ghcr.io/a/c/d', false],
      ['docker.io', 'dockerxio', false],
      ['a[b]{c}(d)|e^$', 'a[b]{c}(d)|e^$', true],
      ['', '', true],
      ['*', '', true],
    ]
    for (const [glob, text, isMatch] of cases)
      assert.equal(createGlob(glob)(text), isMatch, `${glob} on ${text}`)
  })

  test('means what its characters mean one by one', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*', '**', '?'), maxLength: 10 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 })
    const check = (one: string, other: string) => assert.equal(createGlob(one)(other), fits(one, other))
    fc.assert(fc.property(glob, text, check), { numRuns: 3000 })
  })

  test('with many stars ends on a long text that nearly fits', () => {
    const text = `${'a'.repeat(2000)}/${'a'.repeat(2000)}`
    for (const star of ['*a', '**a', '**a*a', '*?', '**?*'])
      assert.equal(createGlob(`${star.repeat(40)}b`)(text), false)
  })
})

test('a glob on images names tags, digests, or with neither whole repositories', () => {
  const matches = (glob: string, reference: string) =>
    createImageGlob(glob)('localhost:5000/team/app', reference)
  const digest = `sha256:${'ab'.repeat(32)}`
  assert.equal(matches('localhost:5000/team/*', '1.2'), true)
  assert.equal(matches('localhost:5000/team/*', digest), true)
  assert.equal(matches('localhost:5000/team/app:1.*', '1.2'), true)
  assert.equal(matches('localhost:5000/team/app:1.*', '2.1'), false)
  assert.equal(matches('localhost:5000/team/app:*', digest), false)
  assert.equal(matches('**@sha256:abab*', digest), true)
  assert.equal(matches('**@sha256:abab*', '1.2'), false)
})
