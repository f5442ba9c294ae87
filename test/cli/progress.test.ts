import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress, lineOf } from '../../src/cli/progress.ts'
import type { Screen } from '../../src/cli/terminal.ts'
import { displayWidth } from '../../src/cli/width.ts'
import { GIB, MIB } from '../../src/domain/units.ts'
import { PIPE, terminal } from './screens.ts'

const HALF = {
  subject: 'sha256:0123456789abcdef',
  done: 646,
  total: 861,
  bytes: 32 * GIB,
  bytesTotal: 64 * GIB,
}

function record(screen: Screen) {
  const written: string[] = []
  const time = { now: 0 }
  const write = (text: string) => void written.push(text)
  const ask = { screen, clock: () => time.now, write, verb: 'deleting', noun: 'objects' }
  return { written, time, ask, progress: createProgress(ask) }
}

void test('the line holds bar, share, counts, sizes, rate and what is left', () => {
  const { ask } = record(terminal(120))
  assert.equal(
    lineOf(HALF, 32_000, ask),
    'deleting [███████████████░░░░░░░░░░░░░░░]  50 %  646/861 objects  32 GiB/64 GiB  1 GiB/s  ETA 32 s  sha256:01…789abcdef',
  )
})

void test('no line is wider than the terminal, however narrow', () => {
  for (let columns = 10; columns < 160; columns++)
    for (const unicode of [true, false]) {
      const { ask } = record(terminal(columns, { unicode }))
      const text = lineOf({ ...HALF, subject: '抹香鲸'.repeat(30) }, 32_000, ask)
      assert.ok(displayWidth(text) < columns, `${columns}: ${text}`)
      if (!unicode) assert.match(text, /^[ -~抹香鲸]*$/)
    }
})

void test('a terminal is drawn over at most ten times a second, and left clean', () => {
  const { progress, time, written } = record(terminal())
  for (time.now = 0; time.now < 1000; time.now += 10) progress.update(HALF)
  assert.equal(written.length, 10)
  assert.ok(written.every((text) => text.startsWith('\r') && text.endsWith('\u001b[K')))
  progress.clear()
  assert.equal(written.at(-1), '\r\u001b[K')
  progress.clear()
  assert.equal(written.length, 11)
})

void test('elsewhere it says a line every ten seconds, and nothing about what is done sooner', () => {
  const { progress, time, written } = record(PIPE)
  for (time.now = 0; time.now < 35_000; time.now += 100) progress.update(HALF)
  assert.equal(written.length, 3)
  assert.equal(written[0], 'deleting 50 %  646/861 objects  32 GiB/64 GiB  3.2 GiB/s  ETA 10 s\n')
  progress.clear()
  assert.equal(written.length, 3)
})

void test('without totals it counts', () => {
  const { ask } = record(terminal(80))
  assert.equal(
    lineOf({ subject: '', done: 3, total: 0, bytes: 2 * MIB, bytesTotal: 0 }, 500, ask),
    'deleting 3 objects  2 MiB',
  )
})

void test('a percentage never says 100 before it is all there', () => {
  const { ask } = record(PIPE)
  assert.match(lineOf({ ...HALF, bytes: 64 * GIB - 1 }, 500, ask), /^deleting 99 %/)
})
