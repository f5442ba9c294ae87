import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parts } from '../../src/db/accounts/parts.ts'
import { isSame, type Model, type ModelImage } from './accounts-model.ts'
import { digestOf, MANIFESTS, model, nameOf, openBench, REPOSITORIES, write } from './accounts-random.ts'

/** Everything that a repository goes on needing: what its manifests lead to, on ways where nothing is cut. */
function needed(
  { here, edges, entries }: Model,
  repository: number,
  cut: readonly ModelImage[],
): Set<number> {
  const isCut = (blob: number): boolean => cut.some(isSame({ repository, blob }))
  const all = new Set<number>()
  const walk = (blob: number, depth: number): void => {
    if (isCut(blob)) return
    all.add(blob)
    if (depth < 3) for (const [parent, child] of edges) if (parent === blob) walk(child, depth + 1)
  }
  for (const one of entries)
    if (one.kind === 'manifest' && one.repository === repository && here[one.blob] === true) walk(one.blob, 0)
  return all
}

/** What the cut manifests of a repository hold. */
function under({ edges }: Model, repository: number, cut: readonly ModelImage[]): Set<number> {
  const all = new Set(cut.filter((one) => one.repository === repository).map(({ blob }) => blob))
  for (let depth = 1; depth <= 3; depth++)
    for (const [parent, child] of edges) if (all.has(parent)) all.add(child)
  return all
}

/** The rule, as plainly as possible. */
function partsOf(one: Model, asked: readonly ModelImage[]) {
  const cut = asked.filter(({ blob }) => !(one.here[blob] === true && one.pinned[blob] === true))
  const stays = new Map(REPOSITORIES.map((id) => [id, needed(one, id, cut)]))
  const lost = new Map(REPOSITORIES.map((id) => [id, under(one, id, cut)]))
  const isSpared = (blob: number): boolean => one.here[blob] === true && one.pinned[blob] === true
  const goes = (entry: Model['entries'][number]): boolean => {
    const { repository, blob, kind } = entry
    if (kind === 'manifest') return cut.some(isSame(entry))
    const isLost = lost.get(repository)?.has(blob) === true && stays.get(repository)?.has(blob) !== true
    return kind === 'blob' && isLost && !isSpared(blob)
  }
  const left = one.entries.filter((entry) => !goes(entry))
  const digests = [...new Set(REPOSITORIES.flatMap((id) => [...(lost.get(id) ?? [])]))].filter(
    (blob) =>
      one.here[blob] === true &&
      !isSpared(blob) &&
      !left.some((entry) => entry.blob === blob) &&
      !REPOSITORIES.some((id) => stays.get(id)?.has(blob)),
  )
  return { entries: one.entries.filter(goes), digests }
}

test('giving up parts takes exactly what nothing else needs', async (t) => {
  const bench = await openBench(t)
  const places = REPOSITORIES.flatMap((repository) => MANIFESTS.map((blob) => ({ repository, blob })))
  const check = (one: Model, asked: readonly ModelImage[]): void => {
    write(bench, one)
    const want = partsOf(one, asked)
    const got = parts(bench.reader, {
      images: asked.map(({ repository, blob }) => ({ ...nameOf(repository), digest: digestOf(blob) })),
    })
    assert.deepEqual(got.digests.toSorted(), want.digests.map(digestOf).toSorted())
    assert.deepEqual(
      got.entries.map((e) => `${e.repository} ${e.kind} ${e.ref}`).toSorted(),
      want.entries
        .map((e) => `${nameOf(e.repository).repository} ${e.kind} ${e.tag ?? digestOf(e.blob)}`)
        .toSorted(),
    )
  }
  fc.assert(fc.property(model, fc.subarray(places), check), { numRuns: 1000 })
})
