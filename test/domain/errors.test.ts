import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError, ERRORS, isUpstreamTrouble, toAppError } from '../../src/domain/errors.ts'

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')

/** The catalogue as the table of the README. */
function renderTable(): string {
  const rows = Object.values(ERRORS).map(
    ({ status, message, hint }) => `| ${status} | ${message} | ${hint} |`,
  )
  return ['| status | what | what to do |', '| --- | --- | --- |', ...rows].join('\n')
}

void test('the README lists every error of the catalogue', () => {
  const [, table] = /<!-- errors:begin -->\n([\s\S]*?)\n?<!-- errors:end -->/.exec(README) ?? []
  assert.equal(table, renderTable())
})

void test('every error has words and a hint, and a status of a failure', () => {
  for (const [code, { status, message, hint }] of Object.entries(ERRORS)) {
    assert.ok(status >= 400 && status < 600, code)
    assert.ok(message.length > 8 && hint.length > 8, code)
  }
})

void test('foreign errors lose their text', () => {
  const known = toAppError(new Error('secret'))
  assert.equal(known.code, 'internal')
  assert.doesNotMatch(known.message, /secret/)
  assert.equal(toAppError(known), known)
})

void test('trouble of an upstream is told apart from our own', () => {
  assert.ok(isUpstreamTrouble(new AppError('upstream_timeout')))
  assert.ok(!isUpstreamTrouble(new AppError('internal')))
  assert.ok(!isUpstreamTrouble(new Error('x')))
})
