import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FileSums } from '../../src/api/contract-files.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import { apiOf } from '../jobs/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFileLab } from '../support/file-lab.ts'
import { detail, fill, list, look, names, pull, TOOL, WEIGHTS } from './files-support.ts'

const GITHUB = 'github:owner/repo/releases/download/v1/tool.tgz'

function onDisk(bytes: number): number {
  return Math.ceil(bytes / 4096) * 4096
}

function sums(cache: Cachalot): Promise<{ items: readonly FileSums[] }> {
  return apiOf(cache).get('/files/kinds', {})
}

suite('lists of files', () => {
  test('one row for each file and version, nothing of lists, pointers and hashes', async (t) => {
    const lab = await startFileLab(t)
    const { first, second } = await fill(lab)
    const commits = [first, second].toSorted()
    assert.deepEqual(await names(lab.cache), [
      GITHUB,
      'go:example.com/m@v1.0.0',
      'go:example.com/m@v1.1.0',
      ...commits.flatMap((commit) => [
        `hf:org/model/${commit}/config.json`,
        `hf:org/model/${commit}/model.safetensors`,
      ]),
    ])
    const { items } = await list(lab.cache, { q: 'github:**' })
    assert.deepEqual(
      items.map(({ name, kind, repository, file, source, total, onlyHere, pulls, state, pinned }) => ({
        name,
        kind,
        repository,
        file,
        source,
        total,
        onlyHere,
        pulls,
        state,
        pinned,
      })),
      [
        {
          name: GITHUB,
          kind: 'github',
          repository: 'owner/repo',
          file: 'releases/download/v1/tool.tgz',
          source: 'https://github.com/owner/repo/releases/download/v1/tool.tgz',
          total: onDisk(TOOL.length),
          onlyHere: onDisk(TOOL.length),
          pulls: 1,
          state: 'fresh',
          pinned: false,
        },
      ],
    )
  })

  test('sizes: what commits share is only here once, and in no tab twice', async (t) => {
    const lab = await startFileLab(t)
    const { first } = await fill(lab)
    const weights = onDisk(WEIGHTS.length)
    const { file, sharedWith, entries } = await detail(lab.cache, `hf:org/model/${first}/model.safetensors`)
    assert.deepEqual([file.total, file.onlyHere, sharedWith.length, entries.length], [weights, 0, 1, 1])
    const config = (await detail(lab.cache, `hf:org/model/${first}/config.json`)).file
    assert.deepEqual([config.total, config.onlyHere], [4096, 4096], 'its git name counts as no other')
    const { items } = await sums(lab.cache)
    const hf = items.find(({ kind }) => kind === 'hf')
    assert.deepEqual(hf, { kind: 'hf', files: 4, bytes: weights + 2 * 4096 })
    const row = (await list(lab.cache, { q: 'model.safetensors' })).items[0]
    assert.deepEqual([row?.total, row?.onlyHere], [weights, 0])
  })

  test('a version is its newest use, its largest count and all its bytes', async (t) => {
    const clock = fakeClock(Date.UTC(2026, 5, 1))
    const lab = await startFileLab(t, { clock })
    await fill(lab)
    clock.advance(HOUR)
    for (let i = 0; i < 3; i++) await pull(lab.cache, '/go/example.com/m/@v/v1.0.0.mod')
    const { file, entries } = await detail(lab.cache, 'go:example.com/m@v1.0.0')
    assert.deepEqual([file.pulls, file.lastUsed - file.firstCached >= HOUR], [4, true])
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['info', 'mod', 'zip'].map((suffix) => `go:example.com/m/@v/v1.0.0.${suffix}`),
    )
    // Both versions have one go.mod, and its hash.
    assert.deepEqual([file.total, file.onlyHere], [5 * 4096, 3 * 4096])
  })

  test('globs, filters, kinds, sorting and pages', async (t) => {
    const clock = fakeClock(Date.UTC(2026, 5, 1))
    const lab = await startFileLab(t, { clock })
    await fill(lab)
    clock.advance(40 * DAY)
    await pull(lab.cache, '/gh/owner/repo/releases/download/v1/tool.tgz')
    const { cache } = lab
    assert.equal((await names(cache, { q: 'hf:org/**' })).length, 4)
    assert.equal((await names(cache, { q: 'hf:org/model' })).length, 4)
    assert.deepEqual(await names(cache, { q: 'go:example.com/*@v1.1*' }), ['go:example.com/m@v1.1.0'])
    assert.equal((await names(cache, { q: 'safetensors', kind: 'hf' })).length, 2)
    assert.deepEqual(await names(cache, { filter: 'used:30d' }), [GITHUB])
    assert.equal((await names(cache, { filter: 'idle:30d upstream:go' })).length, 2)
    assert.equal((await names(cache, { filter: '-upstream:go <100KiB' })).length, 2)
    assert.equal((await names(cache, { filter: '*.safetensors only<4KiB' })).length, 2)
    assert.deepEqual(await names(cache, { filter: 'go:example.com/m@v1.0*' }), ['go:example.com/m@v1.0.0'])
    const largest = await list(cache, { sort: '-total', limit: 3 })
    const rest = await list(cache, { sort: '-total', limit: 100, cursor: largest.nextCursor ?? '' })
    const sizes = [...largest.items, ...rest.items].map(({ total }) => total)
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    )
    assert.equal(new Set([...largest.items, ...rest.items].map(({ name }) => name)).size, 7)
    const stale = await list(cache, { kind: 'github' })
    assert.equal(stale.items[0]?.state, 'fresh', 'asked about when it was pulled')
    clock.advance(40 * DAY)
    assert.equal((await list(cache, { kind: 'github' })).items[0]?.state, 'due')
    assert.equal((await list(cache, { kind: 'go' })).items[0]?.state, 'fresh')
  })

  test('files that are called like globs are found by their names, and go alone', async (t) => {
    const lab = await startFileLab(t)
    const { cache, github } = lab
    const raw = '/https://raw.githubusercontent.com/owner/repo/v1.0.0'
    github.api('/repos/owner/repo/releases?per_page=1', [])
    for (const path of ['a*b.txt', 'a%3Fb.txt', 'aXb.txt']) {
      github.raw(`owner/repo/v1.0.0/${path}`, path)
      await pull(cache, `${raw}/${path}`)
    }
    await pull(cache, '/https://api.github.com/repos/owner/repo/releases?per_page=1')
    const all = await names(cache)
    assert.equal(all.length, 4)
    for (const name of all) {
      assert.equal((await detail(cache, name)).file.name, name)
      const { files, notFound } = await look(cache, { names: [name] })
      assert.deepEqual([files.map((file) => file.name), notFound], [[name], []])
    }
    assert.equal((await look(cache, { names: ['github:owner/repo/raw/v1.0.0/a*.txt'] })).count, 3)
    const addresses = ['api.github.com/repos/owner/repo/releases?per_page=1', `${raw.slice(9)}/a%3Fb.txt`]
    for (const name of addresses)
      assert.equal((await apiOf(cache).get('/lookup', { name: `https://${name}` })).cached, 'complete', name)
  })

  test('words that are about images only are refused', async (t) => {
    const { cache } = await startFileLab(t)
    for (const word of ['untagged', 'tagged', 'partial', 'complete', 'replaced', '-moved', 'platform:arm64'])
      await assert.rejects(list(cache, { filter: word }), /about images/)
    await assert.rejects(list(cache, { sort: 'tags' }), /no column/)
    await assert.rejects(list(cache, { cursor: 'x' }), /cursor/)
    await assert.rejects(detail(cache, 'library/nginx'), /no name of a file/)
    await assert.rejects(detail(cache, 'hf:org/none'), /not cached/)
    await assert.rejects(detail(cache, 'go:example.com/none@v1.0.0'), /not cached/)
  })

  test('are no lists of images: repositories, images and tree have none of them', async (t) => {
    const lab = await startFileLab(t)
    await fill(lab)
    const api = apiOf(lab.cache)
    for (const path of ['/repositories', '/images', '/tree'] as const)
      assert.deepEqual((await api.get(path, {})).items, [], path)
  })

  test('a pin marks the names it covers, and no other with the same bytes', async (t) => {
    const lab = await startFileLab(t)
    const { first } = await fill(lab)
    await apiOf(lab.cache).put('/pins', { match: [`hf:org/model/${first}/**`, 'go:example.com/m@v1.1.0'] })
    const pinned = await names(lab.cache, { filter: 'pinned' })
    assert.deepEqual(pinned, [
      'go:example.com/m@v1.1.0',
      `hf:org/model/${first}/config.json`,
      `hf:org/model/${first}/model.safetensors`,
    ])
    const all = (await list(lab.cache)).items.filter((file) => file.pinned)
    assert.deepEqual(
      all.map(({ name }) => name),
      pinned,
    )
  })
})
