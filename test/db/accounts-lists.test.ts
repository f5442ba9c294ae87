import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ListAsk } from '../../src/db/accounts/rows.ts'
import { openShelf, type Shelf, sha } from './accounts-shelf.ts'

const BLOCK = 4096

/** Two images over one base, in one repository and in two. */
function shareBase(shelf: Shelf): void {
  for (const [word, blocks] of Object.entries({ base: 100, one: 10, two: 20, single: 7 }))
    shelf.blob(word, blocks)
  shelf.image({
    repository: 'team/app',
    tags: ['1', 'latest'],
    manifest: 'm1',
    children: ['base', 'one'],
    at: 2000,
  })
  shelf.image({ repository: 'team/app', tags: ['2'], manifest: 'm2', children: ['base', 'two'], at: 3000 })
}

async function rowsOf(shelf: Shelf, ask: ListAsk = {}) {
  const { items } = await shelf.index.clerk.ask('images', { exact: true, ...ask })
  return items.map(({ name, total, onlyHere, shared }) => ({
    name: name.replace(/sha256:\w+/, 'digest'),
    blocks: [total / BLOCK, onlyHere / BLOCK, shared / BLOCK],
  }))
}

const namesOf = async (shelf: Shelf, ask: ListAsk): Promise<string[]> =>
  (await rowsOf(shelf, ask)).map(({ name }) => name)

suite('sizes', () => {
  test('count a shared layer for each image in total, and for none as its own', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    assert.deepEqual(await rowsOf(shelf), [
      { name: 'docker.io/team/app:1', blocks: [111, 11, 100] },
      { name: 'docker.io/team/app:2', blocks: [121, 21, 100] },
    ])
    const [row] = (await shelf.index.clerk.ask('repositories', { exact: true })).items
    assert.deepEqual([row?.total, row?.onlyHere], [132 * BLOCK, 132 * BLOCK])
    assert.deepEqual([row?.tags, row?.images], [3, 2])
  })

  test('a layer that another repository has, with an image or alone, is shared', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    shelf.loose('other/one', 'one')
    assert.deepEqual((await rowsOf(shelf))[0]?.blocks, [111, 1, 110])
    shelf.loose('team/app', 'two')
    assert.deepEqual((await rowsOf(shelf))[1]?.blocks, [121, 21, 100])
    const { items } = await shelf.index.clerk.ask('repositories', { exact: true })
    assert.deepEqual(
      items.map(({ name, onlyHere }) => [name, onlyHere / BLOCK]),
      [
        ['docker.io/other/one', 0],
        ['docker.io/team/app', 122],
      ],
    )
  })

  test('an index holds what its manifests hold, and they are no images of their own unless tagged', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    shelf.image({
      repository: 'team/app',
      tags: ['all'],
      manifest: 'i',
      children: ['m2', 'm3', 'gone'],
      isIndex: true,
    })
    shelf.image({ repository: 'team/app', manifest: 'm3', children: ['single'] })
    const rows = await rowsOf(shelf)
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['docker.io/team/app:1', 'docker.io/team/app:2', 'docker.io/team/app:all'],
    )
    assert.deepEqual(rows[2]?.blocks, [130, 9, 121])
    assert.deepEqual(rows[1]?.blocks, [121, 0, 121])
    const { items } = await shelf.index.clerk.ask('images', { exact: true })
    assert.deepEqual(
      items.map(({ state }) => state),
      ['complete', 'complete', 'complete'],
    )
  })
})

suite('a removal', () => {
  test('leaves shared layers, and takes the last image with all it has', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    const name = { upstream: 'docker.io', repository: 'team/app' }
    const one = await shelf.index.clerk.ask('removal', { images: [{ ...name, digest: sha('m1') }] })
    assert.deepEqual(one.digests.toSorted(), [sha('m1'), sha('one')].toSorted())
    assert.deepEqual(one.tags, ['docker.io/team/app:1', 'docker.io/team/app:latest'])
    assert.equal(one.frees, 11 * BLOCK)
    const both = await shelf.index.clerk.ask('removal', {
      images: [
        { ...name, digest: sha('m1') },
        { ...name, digest: sha('m2') },
        { ...name, digest: sha('m9') },
      ],
    })
    assert.equal(both.frees, 132 * BLOCK)
    assert.deepEqual(
      both.notFound.map(({ digest }) => digest),
      [sha('m9')],
    )
  })

  test('passes over what is pinned', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    shelf.index.pins.mark([sha('m1')])
    const images = ['m1', 'm2'].map((word) => ({
      upstream: 'docker.io',
      repository: 'team/app',
      digest: sha(word),
    }))
    const gone = await shelf.index.clerk.ask('removal', { images })
    assert.deepEqual(
      gone.pinned.map(({ digest }) => digest),
      [sha('m1')],
    )
    assert.deepEqual(gone.digests.toSorted(), [sha('m2'), sha('two')].toSorted())
  })
})

test('one image tells what it holds, what is missing, and who shares it', async (t) => {
  const shelf = await openShelf(t)
  shareBase(shelf)
  for (let i = 0; i < 12; i++) shelf.loose(`other/${String(i).padStart(2, '0')}`, 'base')
  shelf.image({ repository: 'team/app', tags: ['3'], manifest: 'm3', children: ['base', 'never'] })
  const ask = { upstream: 'docker.io', repository: 'team/app', ref: '3' }
  const found = await shelf.index.clerk.ask('image', ask)
  assert.equal(found?.row.state, 'partial')
  assert.equal(found.row.total, 101 * BLOCK)
  const base = found.blobs.find(({ digest }) => digest === sha('base'))
  assert.equal(base?.shares, 12)
  assert.deepEqual(base.sharedWith.slice(0, 2), ['docker.io/other/00', 'docker.io/other/01'])
  assert.equal(base.sharedWith.length, 10)
  const never = found.blobs.find(({ digest }) => digest === sha('never'))
  assert.deepEqual(never, { digest: sha('never'), size: 4096, here: false, sharedWith: [], shares: 0 })
  assert.equal(await shelf.index.clerk.ask('image', { ...ask, ref: '4' }), undefined)
})

suite('lists', () => {
  const fill = async (shelf: Shelf): Promise<void> =>
    shelf.index.transact(() => {
      for (let i = 0; i < 50; i++) {
        const upstream = i % 2 === 0 ? 'docker.io' : 'ghcr.io'
        const tags = i % 5 === 0 ? [] : [`v${i}`]
        const repository = `team-${i % 3}/app`
        shelf.image({ upstream, repository, tags, manifest: `m${i}`, children: [], at: 1000 + (i % 7) })
      }
    })

  test('of several pages hold every row once, whatever they are sorted by', async (t) => {
    const shelf = await openShelf(t)
    await fill(shelf)
    for (const sort of ['name', '-name', 'lastUsed', '-lastUsed', '-total', 'tags', '-pulls']) {
      const all = (await shelf.index.clerk.ask('images', { sort, limit: 1000 })).items.map(
        ({ digest }) => digest,
      )
      assert.equal(new Set(all).size, 50)
      const paged: string[] = []
      let cursor: string | undefined
      do {
        const page = await shelf.index.clerk.ask('images', {
          sort,
          limit: 7,
          ...(cursor === undefined ? {} : { cursor }),
        })
        assert.equal(page.total, 50)
        paged.push(...page.items.map(({ digest }) => digest))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      assert.deepEqual(paged, all, sort)
    }
  })

  test('hold what the conditions ask for', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    shelf.image({ upstream: 'ghcr.io', repository: 'x/y', manifest: 'm3', children: ['never'], at: 500 })
    const tagged = ['docker.io/team/app:1', 'docker.io/team/app:2']
    const untagged = ['ghcr.io/x/y@digest']
    const expected: readonly (readonly [ListAsk, readonly string[]])[] = [
      [{ conditions: [{ kind: 'idle', before: 2000 }] }, untagged],
      [{ conditions: [{ kind: 'used', after: 3000 }] }, ['docker.io/team/app:2']],
      [{ conditions: [{ kind: 'larger', of: 'total', bytes: 115 * BLOCK }] }, ['docker.io/team/app:2']],
      [
        { conditions: [{ kind: 'smaller', of: 'onlyHere', bytes: 12 * BLOCK }, { kind: 'tagged' }] },
        ['docker.io/team/app:1'],
      ],
      [{ conditions: [{ kind: 'untagged' }] }, untagged],
      [{ conditions: [{ kind: 'partial' }] }, untagged],
      [{ conditions: [{ kind: 'complete' }] }, tagged],
      [{ conditions: [{ kind: 'upstream', name: 'ghcr.io', not: true }] }, tagged],
      [{ conditions: [{ kind: 'name', glob: 'docker.io/**' }] }, tagged],
      [{ q: '**:lat*' }, ['docker.io/team/app:1']],
      [{ q: 'ghcr.io/*/y@sha256:*' }, untagged],
      [{ upstream: 'docker.io', repository: 'team/app' }, tagged],
      [{ conditions: [{ kind: 'pinned' }] }, []],
    ]
    for (const [ask, names] of expected)
      assert.deepEqual(await namesOf(shelf, ask), names, JSON.stringify(ask))
  })

  test('know images whose tag moved on', async (t) => {
    const shelf = await openShelf(t)
    shelf.image({ repository: 'a', tags: ['1'], manifest: 'old', children: [], at: 1000 })
    shelf.image({ repository: 'a', tags: ['1'], manifest: 'new', children: [], at: 5000 })
    const { items } = await shelf.index.clerk.ask('images', {
      exact: true,
      conditions: [{ kind: 'replaced' }],
    })
    assert.deepEqual(
      items.map(({ digest, replacedAt }) => [digest, replacedAt]),
      [[sha('old'), 5000]],
    )
  })

  test('refuse columns and cursors that do not exist', async (t) => {
    const shelf = await openShelf(t)
    shareBase(shelf)
    await assert.rejects(shelf.index.clerk.ask('images', { sort: 'constructor' }), /no column constructor/)
    await assert.rejects(shelf.index.clerk.ask('images', { cursor: 'x' }), /cursor/)
  })

  test('that are to be exact see every change', async (t) => {
    const shelf = await openShelf(t)
    for (let i = 1; i < 5; i++) {
      shelf.image({ repository: 'a', tags: [`${i}`], manifest: `m${i}`, children: [] })
      assert.equal((await shelf.index.clerk.ask('images', { exact: true })).total, i)
    }
  })
})

test('totals count what is here, shared content for each upstream', async (t) => {
  const shelf = await openShelf(t)
  shareBase(shelf)
  shelf.loose('team/app', 'base')
  shelf.image({
    upstream: 'ghcr.io',
    repository: 'x',
    tags: ['1'],
    manifest: 'm1',
    children: ['base', 'one'],
  })
  const { asOf: _asOf, ...totals } = await shelf.index.clerk.ask('totals', { exact: true })
  assert.deepEqual(totals, {
    repositories: 2,
    tags: 4,
    blobs: 6,
    bytes: 139 * BLOCK,
    imageBytes: 102 * BLOCK,
    pinned: 0,
    pinnedBytes: 0,
    upstreams: [
      { upstream: 'docker.io', bytes: 102 * BLOCK, repositories: 1, tags: 3 },
      { upstream: 'ghcr.io', bytes: BLOCK, repositories: 1, tags: 1 },
    ],
  })
})

test('strays are files without rows and rows without files', async (t) => {
  const shelf = await openShelf(t)
  const blobs = join(shelf.folder, 'blobs')
  const place = async (path: string, size: number): Promise<void> => {
    await mkdir(join(blobs, path, '..'), { recursive: true })
    await writeFile(join(blobs, path), Buffer.alloc(size))
  }
  const pathOf = (word: string): string => join(sha(word).slice(7, 9), sha(word).slice(7))
  for (const word of ['here', 'lost', 'also here']) shelf.blob(word, 3)
  for (const word of ['here', 'also here', 'stray']) await place(pathOf(word), 5000)
  await place('zz', 1)
  await place(join('00', 'left.tmp'), 0)
  await place(join('00', 'ff'.repeat(32)), 1)
  const found = await shelf.index.clerk.ask('strays', { blobs })
  assert.deepEqual(found.missing, [{ digest: sha('lost'), size: 3 * BLOCK }])
  assert.deepEqual(
    found.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    [
      { digest: undefined, path: join('00', 'ff'.repeat(32)), bytes: BLOCK },
      { digest: undefined, path: '00/left.tmp', bytes: 0 },
      { digest: sha('stray'), path: pathOf('stray'), bytes: 2 * BLOCK },
      { digest: undefined, path: 'zz', bytes: BLOCK },
    ].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  )
})
