import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobRow } from '../../src/api/contract.ts'
import { createLab } from './lab.ts'

void test('Ctrl-C stops long work after its current object and ends with 130, with a server and without', async (t) => {
  const lab = await createLab(t)
  for (let i = 0; i < 5; i++) lab.hub.addImage(`org/app-${i}`, { tags: ['1'], layers: [100_000] })
  await lab.ok('fetch', ...Array.from({ length: 5 }, (_, i) => `org/app-${i}:1`))
  const interrupt = async () => {
    // Slow enough to be met in the middle.
    const verify = lab.start('verify', '--rate', '20KiB/s', '-v')
    await verify.seen(/via server|working on it directly/)
    verify.child.kill('SIGINT')
    const { code, err, out } = await verify.ended
    assert.deepEqual([code, out], [130, ''])
    assert.match(err, /stopping after the current object[\s\S]*error: interrupted · try: run it again/)
  }
  await interrupt()
  await lab.serve()
  await interrupt()
  const { items } = await lab.json<{ items: JobRow[] }>('jobs')
  // The server writes the end down a moment after the command has ended.
  const isWhole = ({ job, error, endedAt }: JobRow): boolean =>
    job === 'verify' && endedAt !== undefined && error === undefined
  assert.deepEqual(items.filter(isWhole), [])
})

void test('a second Ctrl-C ends at once', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/app', { tags: ['1'], layers: [400_000] })
  await lab.ok('fetch', 'app:1')
  const verify = lab.start('verify', '--rate', '1KiB/s', '-v')
  await verify.seen(/working on it directly/)
  verify.child.kill('SIGINT')
  await verify.seen(/stopping after the current object/)
  verify.child.kill('SIGINT')
  assert.equal((await verify.ended).code, 130)
  await lab.ok('ls')
})

void test('stats are drawn again until Ctrl-C', async (t) => {
  const lab = await createLab(t)
  await lab.serve()
  const watch = lab.start('stats', '--watch', '--json')
  await watch.seen(/\}\n\{/)
  watch.child.kill('SIGINT')
  assert.equal((await watch.ended).code, 130)
})

void test('a reader that leaves is no error', async (t) => {
  const lab = await createLab(t)
  await lab.serve()
  const stats = lab.start('stats', '--json')
  stats.child.stdout?.destroy()
  const { code, err } = await stats.ended
  assert.deepEqual([code, err], [0, ''])
})
