import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../src/acme/program.ts'
import { eventually } from '../e2e/support.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

async function script(t: Cleanup, text: string) {
  const cwd = await tempDir(t)
  const file = join(cwd, 'script')
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o700)
  const env = { PATH: process.env['PATH'] ?? '' }
  return { file, cwd, run: { args: [], cwd, env, signal: new AbortController().signal } }
}

void test('arguments are passed as they are, and both outputs and the exit code come back', async (t) => {
  const { file, run } = await script(t, 'echo "$1|$2"; echo err >&2; env | grep -c . ; exit 3')
  const end = await runProgram(file, { ...run, args: ['$(id); `id` && x', "'"] })
  assert.equal(end.code, 3)
  assert.match(end.output, /\$\(id\); `id` && x\|'/)
  assert.match(end.output, /err/)
})

void test('of a flood of output only the end is kept', async (t) => {
  const { file, run } = await script(t, 'head -c 3000000 /dev/zero | tr "\\0" x; echo the end')
  const { output } = await runProgram(file, run)
  assert.equal(output.length, 64 * 1024)
  assert.ok(output.endsWith('the end\n'))
})

void test('one that takes too long is ended with all it started, though it ignores the first signal', async (t) => {
  const { file, cwd, run } = await script(t, 'trap "" TERM; sleep 300 & echo $! > child; wait; wait')
  const end = await runProgram(file, { ...run, timeout: 500 })
  assert.equal(end.timedOut, true)
  const child = Number(readFileSync(join(cwd, 'child'), 'utf8'))
  await eventually('its child is gone', () => !isRunning(child))
})

void test('one that leaves a child with its outputs behind does not keep us waiting', async (t) => {
  const { file, run } = await script(t, 'setsid sleep 20 & echo started')
  const started = performance.now()
  const end = await runProgram(file, run)
  assert.equal(end.code, 0)
  assert.match(end.output, /started/)
  assert.ok(performance.now() - started < 60_000)
})

void test('it ends when we stop, and none is started after that', async (t) => {
  const stopping = new AbortController()
  const { file, cwd, run } = await script(t, 'touch begun; exec sleep 300')
  const end = runProgram(file, { ...run, signal: stopping.signal })
  await eventually('it runs', () => existsSync(join(cwd, 'begun')))
  stopping.abort()
  assert.equal((await end).code, undefined)
  await assert.rejects(runProgram(file, { ...run, signal: stopping.signal }), { name: 'AbortError' })
})

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
