import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { DAY } from '../../src/domain/clock.ts'
import type { Condition } from '../../src/domain/condition.ts'
import { parseFilter } from '../../src/domain/filter.ts'
import { GIB, MIB } from '../../src/domain/units.ts'

const NOW = 1_800_000_000_000

function conditions(text: string): readonly Condition[] {
  const parsed = parseFilter(text, NOW)
  assert.ok('conditions' in parsed, JSON.stringify(parsed))
  return parsed.conditions
}

function problem(text: string): string {
  const parsed = parseFilter(text, NOW)
  assert.ok('problem' in parsed, JSON.stringify(parsed))
  return parsed.problem
}

void test('words are conditions, and all of them count', () => {
  assert.deepEqual(conditions('idle:30d >100MiB untagged'), [
    { kind: 'idle', before: NOW - 30 * DAY },
    { kind: 'larger', bytes: 100 * MIB, of: 'total' },
    { kind: 'untagged' },
  ])
  assert.deepEqual(conditions('used:7d <1GiB only>2GiB older:1d pulls<3'), [
    { kind: 'used', after: NOW - 7 * DAY },
    { kind: 'smaller', bytes: GIB, of: 'total' },
    { kind: 'larger', bytes: 2 * GIB, of: 'onlyHere' },
    { kind: 'older', before: NOW - DAY },
    { kind: 'fewer', pulls: 3 },
  ])
})

void test('every state is a word, in any case', () => {
  for (const kind of ['untagged', 'tagged', 'pinned', 'partial', 'complete', 'replaced'] as const) {
    assert.deepEqual(conditions(kind), [{ kind }])
    assert.deepEqual(conditions(kind.toUpperCase()), [{ kind }])
  }
})

void test('! and - turn one word around', () => {
  assert.deepEqual(conditions('!pinned -idle:1d'), [
    { kind: 'pinned', not: true },
    { kind: 'idle', before: NOW - DAY, not: true },
  ])
  assert.deepEqual(conditions('!*alpine*'), [{ kind: 'name', glob: '**/*alpine*', not: true }])
})

void test('anything else is a name: without wildcards it may stand anywhere', () => {
  assert.deepEqual(conditions('nginx'), [{ kind: 'name', glob: '**nginx**' }])
  assert.deepEqual(conditions('nginx:1.27'), [{ kind: 'name', glob: '**nginx:1.27**' }])
  assert.deepEqual(conditions('docker.io/library/*'), [{ kind: 'name', glob: 'docker.io/library/*' }])
  assert.deepEqual(conditions('**:1'), [{ kind: 'name', glob: '**:1' }])
  assert.deepEqual(conditions('upstream:GHCR.io'), [{ kind: 'upstream', name: 'ghcr.io' }])
})

void test('a problem names the word, and the one that was probably meant', () => {
  assert.match(problem('idle:30d untaged'), /unknown word "untaged"; did you mean "untagged"/)
  assert.match(problem('idel:30d'), /"idel:30d"; did you mean "idle:30d"/)
  assert.match(problem('pluls<3'), /"pluls<3"; did you mean "pulls<3"/)
  assert.match(problem('idle:30'), /"idle:30" needs a time.*"idle:30d"/)
  assert.match(problem('>lots'), /">lots" needs a size.*">100MiB"/)
  assert.match(problem('only<'), /"only<" needs a size.*"only>100MiB"/)
  assert.match(problem('upstream:'), /names no upstream/)
  assert.match(problem('pinned !'), /"!" turns nothing around/)
  assert.match(problem('x'.repeat(1001)), /longer than 1000/)
})

void test('an empty filter asks nothing', () => {
  assert.deepEqual(conditions(''), [])
  assert.deepEqual(conditions('  \t '), [])
})

void test('no text breaks it, and no condition lacks its numbers', () => {
  const pieces = fc.constantFrom(
    'idle:',
    'used:',
    'only',
    '>',
    '<',
    '!',
    '-',
    '30d',
    '1GiB',
    ' ',
    'pinned',
    '*',
    '/',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((list) => list.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseFilter(text, NOW)
      if ('problem' in parsed) assert.doesNotMatch(parsed.problem, /undefined|NaN/)
      else for (const one of parsed.conditions) assert.doesNotMatch(JSON.stringify(one), /null|NaN/)
    }),
  )
})
