import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from '../../src/observe/text.ts'

const REQUEST = { level: 'info', time: 'x', msg: 'request', client: '10.0.0.7', method: 'GET', ms: 3.2 }

void test('a request is one line of words', () => {
  const event = {
    ...REQUEST,
    name: 'docker.io/library/nginx:1',
    status: 200,
    outcome: 'hit',
    bytes: 2048,
    request: 'a-1',
  }
  assert.equal(textOf(event), '10.0.0.7 GET docker.io/library/nginx:1 200 hit 2 KiB 3.2 ms')
})

void test('a request that failed says why, and what the upstream said', () => {
  const detail = { upstream: 'ghcr.io', said: 'DENIED: no' }
  const event = { ...REQUEST, name: 'x', status: 403, error: 'upstream_denied', why: 'refused', detail }
  assert.equal(textOf(event), '10.0.0.7 GET x 403 3.2 ms  upstream_denied: refused (ghcr.io: DENIED: no)')
})

void test('any other event keeps its fields', () => {
  assert.equal(
    textOf({ level: 'warn', time: 'x', event: 'e', msg: 'moved', why: 'age', n: 3 }),
    'moved  why=age n=3',
  )
})

void test('no control character reaches the terminal', () => {
  // oxlint-disable-next-line no-control-regex -- these are the ones meant
  assert.doesNotMatch(textOf({ ...REQUEST, name: 'a\u001b[31mred\nnext', status: 404 }), /[\u0000-\u001f]/)
})
