import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Evicted } from '../../src/api/contract-evict.ts'
import { missing } from '../clients/process.ts'
import { eventually } from '../e2e/support.ts'
import { apiOf, du } from '../jobs/support.ts'
import { openGitClient } from '../support/fake-git-client.ts'
import { startFileLab } from '../support/file-lab.ts'
import { detail, fill, list, look, names } from './files-support.ts'

const skip = missing('git')

suite('mirrors among files', () => {
  test('a mirror is one of them', { skip }, async (t) => {
    const lab = await startFileLab(t)
    await fill(lab)
    const repo = await lab.git.create('owner/repo')
    await repo.commit({ 'a.txt': 'x'.repeat(100_000) })
    const { run } = await openGitClient(t, { cache: lab.cache.url })
    assert.equal((await run('clone', `${lab.cache.url}/${lab.gitHost}/owner/repo`, 'one')).code, 0)
    const name = `git:${lab.gitHost}/owner/repo`
    await eventually('a mirror', async () => (await names(lab.cache, { kind: 'git' })).length === 1)
    assert.deepEqual(await names(lab.cache, { kind: 'git' }), [name])
    assert.equal((await list(lab.cache)).total, 8)
    const { file, entries } = await detail(lab.cache, name)
    assert.deepEqual([file.kind, file.file, file.state, entries], ['git', '', 'due', []])
    assert.ok(file.total > 0 && file.onlyHere === file.total)
    const { items } = await apiOf(lab.cache).get('/files/kinds', {})
    assert.deepEqual(
      items.find(({ kind }) => kind === 'git'),
      { kind: 'git', files: 1, bytes: file.total },
    )
    const metrics = (await lab.cache.fetch('/metrics', { lint: false })).body.toString()
    assert.match(metrics, new RegExp(`^cachalot_store_bytes\\{upstream="git"\\} ${file.total}$`, 'm'))
  })

  test('a mirror goes at once, with its large files, and is written down', { skip }, async (t) => {
    const lab = await startFileLab(t)
    const { cache, gitHost } = lab
    await fill(lab)
    const repo = await lab.git.create('owner/repo')
    await repo.commit({ 'a.txt': 'x'.repeat(100_000) })
    const { run } = await openGitClient(t, { cache: cache.url })
    assert.equal((await run('clone', `${cache.url}/${gitHost}/owner/repo`, 'one')).code, 0)
    const name = `git:${gitHost}/owner/repo`
    await eventually('a mirror', async () => (await names(cache, { kind: 'git' })).length === 1)
    await apiOf(cache).put('/pins', { match: [name] })
    assert.deepEqual((await look(cache, { names: [name] })).pinned, [name])
    await apiOf(cache).del('/pins', { match: [name] })
    await eventually('nothing is done to it', async () => (await look(cache, { names: [name] })).count === 1)
    const shown = await look(cache, { names: [name, 'github:**'] })
    assert.deepEqual([shown.atOnce, shown.count], [[name], 2])
    const before = await du(cache.dataDir)
    const done: Evicted = await apiOf(cache).post('/evict', { previewId: shown.previewId, mode: 'undo' })
    assert.deepEqual([done.files, done.bytes, done.left], [2, shown.frees, []])
    assert.deepEqual(await names(cache, { kind: 'git' }), [])
    const [mirror] = shown.files.filter(({ kind }) => kind === 'git')
    assert.equal(before - (await du(cache.dataDir)), mirror?.total)
    const metrics = (await cache.fetch('/metrics', { lint: false })).body.toString()
    assert.match(
      metrics,
      new RegExp(`^cachalot_\\w*bytes_total\\{reason="removed"\\} ${mirror?.total}$`, 'm'),
    )
    const evictions = (await apiOf(cache).get('/evictions', {})).items
    const kinds = evictions.map(
      ({ files, undoUntil }) => `${files} ${undoUntil === undefined ? 'gone' : 'kept'}`,
    )
    assert.deepEqual(new Set(kinds), new Set(['1 gone', '1 kept']))
    assert.equal((await apiOf(cache).post('/undo', { id: done.id })).files, 1)
    assert.equal((await names(cache, { kind: 'github' })).length, 1)
  })
})
