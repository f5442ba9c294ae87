import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ledgerOf } from '../../src/db/accounts/lists.ts'
import { type MatchAsk, matchingSince } from '../../src/db/accounts/matching.ts'
import type { Db } from '../../src/db/open.ts'
import { openReader } from '../../src/db/reader.ts'
import type { Cleanup } from '../support/temp.ts'
import { openShelf, type Shelf, sha } from './accounts-shelf.ts'

const NOW = 1_000_000
const app = (ref: string) => ({ upstream: 'docker.io', repository: 'team/app', ref })

/** Two images, used long ago, and a way to ask by lists of the time before whatever comes then. */
async function openBehind(
  t: Cleanup,
): Promise<{ shelf: Shelf; names: (ask: Partial<MatchAsk>) => string[] }> {
  const shelf = await openShelf(t)
  for (const word of ['base', 'own']) shelf.blob(word, 10)
  shelf.image({ repository: 'team/app', tags: ['1'], manifest: 'm1', children: ['base', 'own'] })
  shelf.image({ repository: 'team/app', tags: ['2'], manifest: 'm2', children: ['base'] })
  const reader = openReader(join(shelf.folder, 'cachalot.db'))
  t.after(() => {
    reader.close()
  })
  const ledger = ledgerOf(reader, true).value
  return { shelf, names: (ask) => found(reader, { ledger, asOf: NOW }, ask) }
}

function found(reader: Db, past: Parameters<typeof matchingSince>[1], ask: Partial<MatchAsk>): string[] {
  const whole = { names: [], globs: [], conditions: [], most: 100, notBefore: 0, ...ask }
  const matches = matchingSince(reader, past, whole)
  assert.ok('byName' in matches)
  return [...matches.byName, ...matches.byGlob].flat().map(({ name }) => name.replace('docker.io/team/', ''))
}

const ALL = { globs: ['docker.io/team/**'] }

/** As a pull of it at that time. */
function use(shelf: Shelf, ref: string, word: string): void {
  const key = { frontEnd: 'oci', kind: 'manifest', ...app(ref) } as const
  shelf.index.uses.note({ key, digest: sha(word), at: NOW, pulled: true })
  shelf.index.uses.flush()
}

suite('what a selection means, by lists that are behind', () => {
  test('is what is there: new images and new tags are, what is gone is not', async (t) => {
    const { shelf, names } = await openBehind(t)
    assert.deepEqual(names(ALL), ['app:1', 'app:2'])
    shelf.image({ repository: 'team/app', tags: ['3'], manifest: 'm3', children: ['base'] })
    use(shelf, '3', 'm3')
    shelf.image({ repository: 'team/app', tags: ['alias'], manifest: 'm2', children: ['base'] })
    use(shelf, 'alias', 'm2')
    shelf.index.entries.drop({ frontEnd: 'oci', kind: 'manifest', ...app('1') })
    shelf.index.entries.drop({ frontEnd: 'oci', kind: 'manifest', ...app(sha('m1')) })
    assert.deepEqual(names(ALL), ['app:2', 'app:3'])
    assert.deepEqual(names({ globs: ['**:ali*'] }), ['app:2'])
    assert.deepEqual(names({ names: [app('1'), app('3'), app('alias')] }), ['app:3', 'app:2'])
    assert.deepEqual(names({ names: [{ ...app(''), ref: undefined }] }).toSorted(), ['app:2', 'app:3'])
  })

  test('has no part of an index that came since, and all of its sizes', async (t) => {
    const { shelf, names } = await openBehind(t)
    shelf.blob('leaf', 100)
    shelf.image({ repository: 'team/app', manifest: 'p', children: ['leaf'] })
    shelf.image({ repository: 'team/app', tags: ['all'], manifest: 'i', children: ['p'], isIndex: true })
    use(shelf, 'all', 'i')
    assert.deepEqual(names(ALL), ['app:1', 'app:2', 'app:all'])
    const large = { kind: 'larger', of: 'onlyHere', bytes: 100 * 4096 } as const
    assert.deepEqual(names({ conditions: [large] }), ['app:all'])
    assert.deepEqual(names({ names: [app('all'), app('2')], conditions: [large] }), ['app:all'])
  })

  test('keeps to its conditions at this moment, for names and globs alike', async (t) => {
    const { shelf, names } = await openBehind(t)
    const idle = { kind: 'idle', before: NOW - 1 } as const
    assert.deepEqual(names({ conditions: [idle] }), ['app:1', 'app:2'])
    use(shelf, '1', 'm1')
    shelf.index.pins.mark([sha('m2')])
    assert.deepEqual(names({ conditions: [idle] }), ['app:2'])
    assert.deepEqual(names({ names: [app('1'), app('2')], conditions: [idle] }), ['app:2'])
    assert.deepEqual(names({ ...ALL, conditions: [{ kind: 'pinned', not: true }] }), ['app:1'])
  })
})
