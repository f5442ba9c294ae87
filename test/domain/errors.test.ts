import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError, ERRORS, isUpstreamTrouble, toAppError } from '../../src/domain/errors.ts'
import { errors } from '../../ui/src/words/zh/errors.ts'

/** The catalogue as the table of README.md. */
function englishTable(): string {
  const rows = Object.values(ERRORS).map(
    ({ status, message, hint }) => `| ${status} | ${message} | ${hint} |`,
  )
  return ['| status | what | what to do |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The same with the words of the console; clients show the English ones. */
function chineseTable(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, message }]) => {
    const [text, hint] = errors.codes[code as keyof typeof ERRORS] // entries of that very object
    return `| ${status} | ${message} | ${text}。${hint} |`
  })
  return ['| 状态码 | 原文 | 含义和处理办法 |', '| --- | --- | --- |', ...rows].join('\n')
}

for (const [file, render] of [
  ['README.md', englishTable],
  ['README.zh-CN.md', chineseTable],
] as const)
  void test(`${file} lists every error of the catalogue`, () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
    const [, table] = /<!-- errors:begin -->\n([\s\S]*?)\n?<!-- errors:end -->/.exec(text) ?? []
    assert.equal(table, render())
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
