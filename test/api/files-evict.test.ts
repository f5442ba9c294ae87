import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Evicted } from '../../src/api/contract-evict.ts'
import { DAY, MINUTE } from '../../src/domain/clock.ts'
import { eventually, MIB } from '../e2e/support.ts'
import { apiOf, du, pullImage, remove } from '../jobs/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { startFileLab } from '../support/file-lab.ts'
import { nameRows } from './evict-support.ts'
import { type Ask, detail, evict, fill, list, look, names, pull } from './files-support.ts'

const TOOL_PATH = '/gh/owner/repo/releases/download/v1/tool.tgz'

/** What an eviction says it frees is what leaves the disk. */
async function assertExact(cache: Cachalot, ask: Ask): Promise<Evicted> {
  const before = await du(cache.dataDir)
  const preview = await look(cache, ask)
  const done: Evicted = await apiOf(cache).post('/evict', { previewId: preview.previewId, mode: 'now' })
  assert.deepEqual(done.left, [])
  assert.equal(done.bytes, preview.frees, 'as the preview said')
  assert.equal(before - (await du(cache.dataDir)), preview.frees, 'as the disk says')
  assert.equal(done.files + done.images, preview.count)
  return done
}

/** Header fields that belong to the file. */
function told({ headers }: { headers: Readonly<Record<string, unknown>> }): object {
  const fields = Object.entries(headers).filter(
    ([name]) => !/^(date|age|x-cache|x-request-id|connection|keep-alive)$/.test(name),
  )
  return Object.fromEntries(fields)
}

suite('evicting files', () => {
  test('frees what the preview says: versions with their hashes, commits that share, the last one with all beside it', async (t) => {
    const lab = await startFileLab(t)
    const { first } = await fill(lab)
    const { cache } = lab
    const oneCommit = await assertExact(cache, { names: [`hf:org/model/${first}/**`] })
    assert.deepEqual([oneCommit.files, oneCommit.bytes], [2, 4096], 'the weights are still another name’s')
    const version = await assertExact(cache, { names: ['go:example.com/m@v1.0.0'] })
    assert.deepEqual([version.files, version.bytes], [1, 3 * 4096])
    await assertExact(cache, { names: ['hf:org/model', 'github:owner/repo'] })
    assert.deepEqual(await names(cache), ['go:example.com/m@v1.1.0'])
    await assertExact(cache, { kind: 'go' })
    assert.deepEqual(nameRows(cache.dataDir), [], 'nothing of lists, pointers and hashes stays')
    assert.equal((await pull(cache, TOOL_PATH)).headers['x-cache'], 'miss')
  })

  test('undone, they are as they were: the next request is a hit with the same headers', async (t) => {
    const lab = await startFileLab(t)
    const { second } = await fill(lab)
    const { cache } = lab
    const paths = [
      TOOL_PATH,
      '/go/example.com/m/@v/v1.0.0.zip',
      `/hf/org/model/resolve/${second}/config.json`,
    ]
    const before = await Promise.all(paths.map((path) => pull(cache, path)))
    await list(cache)
    const rows = nameRows(cache.dataDir)
    const bytes = await du(cache.dataDir)
    const done = await evict(cache, { names: ['hf:**', 'go:**', 'github:**'] }, 'undo')
    assert.deepEqual([done.files, await names(cache), nameRows(cache.dataDir)], [7, [], []])
    assert.equal(await du(cache.dataDir), bytes, 'bytes stay')
    await lab.github.stop()
    lab.go.state = 'down'
    await lab.hf.stop()
    assert.equal((await cache.fetch(TOOL_PATH)).status >= 500, true)
    const undone = await apiOf(cache).post('/undo', { id: done.id })
    assert.deepEqual(undone, { images: 0, files: 7, bytes: done.bytes })
    assert.ok(isDeepStrictEqual(nameRows(cache.dataDir), rows), 'every column of every row')
    for (const [at, path] of paths.entries()) {
      const again = await pull(cache, path)
      assert.equal(again.headers['x-cache'], 'hit', path)
      assert.deepEqual(told(again), told(before[at] ?? again))
    }
  })

  test('images and files go together, and what they share is freed by both only', async (t) => {
    const hub = await startFakeUpstream()
    t.after(() => hub.close())
    const lab = await startFileLab(t, { hub })
    const { cache, github } = lab
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    const [layer] = image.layers
    assert.ok(layer)
    github.release('owner/repo', 'v1', 'tool.tgz', layer.content)
    await pull(cache, TOOL_PATH)
    const both = ['app:1', 'github:owner/repo']
    const [alone, other, all] = await Promise.all([
      look(cache, { names: ['app:1'] }),
      look(cache, { names: ['github:owner/repo'] }),
      look(cache, { names: both }),
    ])
    assert.equal(other.frees, 0)
    assert.ok(all.frees > alone.frees + other.frees, 'the layer goes with both')
    assert.deepEqual([all.images.length, all.files.length, all.count], [1, 1, 2])
    const done = await assertExact(cache, { names: both })
    assert.deepEqual([done.images, done.files], [1, 1])
  })

  test('what is pinned, read or changed since it was shown stays, and is named', async (t) => {
    const lab = await startFileLab(t)
    await fill(lab)
    const { cache } = lab
    await apiOf(cache).put('/pins', { match: ['go:example.com/m@v1.1.0'] })
    lab.github.release('owner/large', 'v1', 'large.bin', randomBytes(16 * MIB))
    const large = '/gh/owner/large/releases/download/v1/large.bin'
    await pull(cache, large)
    await eventually('it landed', async () => (await names(cache, { kind: 'github' })).length === 2)
    const reader = await cache.open(large)
    await reader.read(10)
    const shown = await look(cache, { names: ['go:**', 'github:owner/large'] })
    assert.deepEqual(shown.pinned, ['go:example.com/m@v1.1.0'])
    assert.deepEqual(shown.inUse, ['github:owner/large/releases/download/v1/large.bin'])
    assert.deepEqual(
      shown.files.map(({ name }) => name),
      ['go:example.com/m@v1.0.0'],
    )
    assert.equal((await reader.rest()).bytes, 16 * MIB)
    const idle = await look(cache, { names: ['github:owner/large'] })
    assert.equal(idle.count, 1)
    const second = await cache.open(large)
    await second.read(10)
    const busy: Evicted = await apiOf(cache).post('/evict', { previewId: idle.previewId, mode: 'now' })
    assert.deepEqual(busy.left, [
      { name: 'github:owner/large/releases/download/v1/large.bin', why: 'in_use' },
    ])
    assert.equal((await second.rest()).bytes, 16 * MIB)
    const hf = await look(cache, { names: ['hf:org/model'], exclude: ['hf:**/config.json'] })
    assert.equal(hf.count, 2)
    const ask = await look(cache, { names: ['go:example.com/m@v1.0.0'] })
    await apiOf(cache).put('/pins', { match: ['go:example.com/m'] })
    const kept: Evicted = await apiOf(cache).post('/evict', { previewId: ask.previewId, mode: 'now' })
    assert.deepEqual(kept.left, [{ name: 'go:example.com/m@v1.0.0', why: 'pinned' }])
    assert.equal(kept.files, 0)
  })

  test('bytes that are others by now are not what was shown', async (t) => {
    const clock = fakeClock(Date.UTC(2026, 5, 1))
    const lab = await startFileLab(t, { clock })
    lab.github.raw('owner/repo/main/install.sh', 'one')
    await pull(lab.cache, '/https://raw.githubusercontent.com/owner/repo/main/install.sh')
    const shown = await look(lab.cache, { names: ['github:owner/repo'] })
    lab.github.raw('owner/repo/main/install.sh', 'two, which is longer')
    clock.advance(MINUTE * 6)
    await pull(lab.cache, '/https://raw.githubusercontent.com/owner/repo/main/install.sh')
    const name = 'github:owner/repo/raw/main/install.sh'
    await eventually('it landed', async () => (await detail(lab.cache, name)).entries[0]?.size === 20)
    const done: Evicted = await apiOf(lab.cache).post('/evict', { previewId: shown.previewId, mode: 'now' })
    assert.deepEqual(done.left, [{ name, why: 'changed' }])
  })

  test('what its upstream has no more stays unless that is asked for', async (t) => {
    const clock = fakeClock(Date.UTC(2026, 5, 1))
    const lab = await startFileLab(t, { clock })
    await fill(lab)
    const { cache, github } = lab
    github.remove('github.com', '/owner/repo/releases/download/v1/tool.tgz')
    clock.advance(2 * DAY)
    await pull(cache, TOOL_PATH)
    const [row] = (await list(cache, { filter: 'gone' })).items
    assert.deepEqual([row?.name, row?.state], ['github:owner/repo/releases/download/v1/tool.tgz', 'gone'])
    const shown = await look(cache, { names: ['github:**'] })
    assert.deepEqual([shown.count, shown.gone], [0, [row?.name]])
    assert.equal((await remove(cache, ['github:**'])).count, 0)
    assert.equal((await evict(cache, { names: ['github:**'], includeGone: true })).files, 1)
  })

  test('filters, kinds and names that are none', async (t) => {
    const lab = await startFileLab(t)
    await fill(lab)
    const { cache } = lab
    await assert.rejects(look(cache, { of: 'files' }), /names, or a filter/)
    assert.equal((await look(cache, { of: 'files', filter: 'pulls<9' })).count, 7)
    assert.equal((await look(cache, { kind: 'hf' })).count, 4)
    assert.equal((await look(cache, { kind: 'go', names: ['hf:**'] })).count, 0)
    await assert.rejects(look(cache, { of: 'files', filter: 'untagged' }), /about images/)
    const none = ['go:example.com/other@v1.0.0', 'hf:', 'hf:none/**']
    assert.deepEqual((await look(cache, { names: none })).notFound.toSorted(), none.toSorted())
    assert.deepEqual((await look(cache, { kind: 'go', names: ['nginx'] })).notFound, ['nginx'])
    const dry = await remove(cache, ['github:owner/repo'], true)
    assert.deepEqual([dry.count, dry.files.length], [1, 1])
    const before = await du(cache.dataDir)
    const gone = await remove(cache, ['github:owner/repo'])
    assert.equal(before - (await du(cache.dataDir)), gone.frees)
    const audit = await apiOf(cache).get('/audit', {})
    const [entry] = audit.items.filter(({ action }) => action === 'remove')
    assert.equal(entry?.target, 'github:owner/repo')
  })
})
