import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { createBranches, type Listed } from '../../src/git/branches.ts'
import { startFakeGit } from '../support/fake-git.ts'
import { startGitLab } from '../support/fake-git-lab.ts'

test('lists are remembered for a window, and no more of them than there is memory for', async (t) => {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  await repo.commit({ 'a.txt': 'one\n' })
  const { git } = await startGitLab(t, { url: fake.url })
  const source = { name: 'github.com/owner/repo', upstream: 'git:github.com', url: fake.url, path: repo.path }
  let now = 1_000_000
  const branchesOf = (mostBytes: number) =>
    createBranches(git.remote, { clock: () => now, window: () => MINUTE, mostBytes })
  const ask = (branches: ReturnType<typeof branchesOf>, prefix: string): Promise<Listed> =>
    branches.list(source, { kind: 'ls-refs', flags: [], prefixes: [prefix], objectFormat: 'sha1' })

  const plenty = branchesOf(10_000)
  const { bytes } = await ask(plenty, 'refs/heads/')
  // What they were asked with is remembered beside them.
  const question = 115
  const few = branchesOf(2.5 * (bytes.length + question))
  for (const prefix of ['refs/', 'refs/heads/m', 'refs/heads/main', 'refs/heads/'])
    assert.equal((await ask(few, prefix)).how, 'asked')
  assert.equal((await ask(few, 'refs/heads/')).how, 'known')
  assert.equal((await ask(few, 'refs/heads/main')).how, 'known')
  assert.equal((await ask(few, 'refs/heads/m')).how, 'asked')
  assert.equal((await ask(plenty, 'refs/heads/')).how, 'known')
  now += MINUTE
  assert.equal((await ask(plenty, 'refs/heads/')).how, 'asked')
})
