import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckedName } from '../../src/api/contract-contents.ts'
import { createLab } from './lab.ts'

void test('check says what upstream has, with an exit code for each, and lists remember it', async (t) => {
  const lab = await createLab(t)
  for (const tag of ['same', 'moved', 'gone'])
    lab.hub.addImage('library/app', { tags: [tag], layers: [1000] })
  for (const tag of ['same', 'moved', 'gone']) await lab.ok('fetch', `app:${tag}`)
  lab.hub.addImage('library/app', { tags: ['moved'], layers: [2000] })
  lab.hub.untag('library/app', 'gone')
  const codes: (number | null)[] = []
  for (const name of ['app:same', 'app:moved', 'app:gone', 'app:never'])
    codes.push((await lab.run('check', name)).code)
  assert.deepEqual(codes, [0, 3, 4, 4])
  const all = await lab.run('check', 'app:same', 'app:moved', 'app:gone', '--json')
  assert.equal(all.code, 3)
  // What it prints with --json is what the API answers.
  const items = JSON.parse(all.out) as CheckedName[]
  assert.deepEqual(
    items.map(({ state }) => state),
    ['same', 'moved', 'gone'],
  )
  assert.match(await lab.ok('ls', '--filter', 'gone', '--tags'), /app:gone/)
  assert.doesNotMatch(await lab.ok('ls', '--filter', 'gone', '--tags'), /app:(same|moved)/)
  assert.match(await lab.ok('ls', '--filter', 'moved', '--tags'), /app:moved/)
  assert.match(await lab.ok('show', 'app:gone'), /gone upstream/)
  await lab.hub.stop()
  assert.equal((await lab.run('check', 'app:same')).code, 6)
})

void test('rm leaves what upstream no longer has, and takes it only when that is said twice', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/app', { tags: ['1'], layers: [1000] })
  await lab.ok('fetch', 'app:1')
  lab.hub.untag('library/app', '1')
  await lab.run('check', 'app:1')
  const left = await lab.run('rm', 'app:1', '--now')
  assert.equal(left.code, 3)
  assert.match(left.out, /gone upstream \(--include-gone\)/)
  const unsure = await lab.run('rm', 'app:1', '--now', '--include-gone')
  assert.equal(unsure.code, 2)
  assert.match(unsure.err, /--yes/)
  assert.equal((await lab.run('lookup', 'app:1')).code, 0)
  assert.equal((await lab.run('rm', 'app:1', '--now', '--include-gone', '--yes')).code, 0)
  assert.equal((await lab.run('lookup', 'app:1')).code, 4)
})
