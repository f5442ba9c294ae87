import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { watchConfig } from '../../src/config/watch.ts'
import { folderOf } from './support.ts'

/** Watches and hands out a promise of the next change; the timer only keeps the test process waiting. */
async function watching(t: TestContext, file: string, pollEvery: number) {
  const stop = new AbortController()
  const awake = setInterval(() => undefined, 1000)
  t.after(() => {
    stop.abort()
    clearInterval(awake)
  })
  let changes = 0
  let tell = () => {}
  const onChange = () => {
    changes++
    tell()
  }
  await watchConfig({ file, onChange, signal: stop.signal, quiet: 20, pollEvery })
  const next = (change: () => void) =>
    new Promise<void>((resolve) => {
      tell = resolve
      change()
    })
  return { next, stop, changes: () => changes }
}

const NEVER = 2 ** 31 - 1

void test('a file written in place is noticed', { timeout: 30_000 }, async (t) => {
  const file = join(folderOf(t, { 'config.toml': 'a' }), 'config.toml')
  const { next } = await watching(t, file, NEVER)
  await next(() => writeFileSync(file, 'b1'))
  await next(() => writeFileSync(file, 'b22'))
})

void test('a file replaced by rename is noticed, every time', { timeout: 30_000 }, async (t) => {
  const folder = folderOf(t, { 'config.toml': 'a' })
  const file = join(folder, 'config.toml')
  const { next } = await watching(t, file, NEVER)
  for (const text of ['one', 'two', 'three']) {
    await next(() => {
      writeFileSync(join(folder, '.config.toml.tmp'), text)
      renameSync(join(folder, '.config.toml.tmp'), file)
    })
  }
})

void test('a file that goes away is only told when it is back', { timeout: 30_000 }, async (t) => {
  const file = join(folderOf(t, { 'config.toml': 'a' }), 'config.toml')
  const { next, changes } = await watching(t, file, 30)
  rmSync(file)
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal(changes(), 0)
  await next(() => writeFileSync(file, 'back'))
})

void test('where the system does not tell, looking now and then does', { timeout: 30_000 }, async (t) => {
  const folder = folderOf(t, { 'one/config.toml': 'a' })
  const link = join(folder, 'link')
  symlinkSync(join(folder, 'one/config.toml'), link)
  // The watch is on the folder of the link; a change behind it makes no event there.
  const { next } = await watching(t, link, 30)
  await next(() => writeFileSync(join(folder, 'one/config.toml'), 'behind the link'))
})

void test('a file whose folder does not exist yet is told when it appears', {
  timeout: 30_000,
}, async (t) => {
  const folder = folderOf(t, {})
  const file = join(folder, 'later/config.toml')
  const { next } = await watching(t, file, 30)
  await next(() => {
    mkdirSync(join(folder, 'later'))
    writeFileSync(file, 'x')
  })
})

void test('nothing is told after the signal', { timeout: 30_000 }, async (t) => {
  const file = join(folderOf(t, { 'config.toml': 'a' }), 'config.toml')
  const { stop, changes } = await watching(t, file, 20)
  writeFileSync(file, 'changed')
  stop.abort()
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal(changes(), 0)
})
