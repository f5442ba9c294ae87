import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { file } from '../../src/db/accounts/file-detail.ts'
import { makeFileLedger } from '../../src/db/accounts/file-ledger.ts'
import { packFiles, unpackFiles } from '../../src/db/accounts/file-ledger-pack.ts'
import { removal, removalSums } from '../../src/db/accounts/removal.ts'
import { openReader } from '../../src/db/reader.ts'
import { fileText } from '../../src/domain/file-names.ts'
import { openShelf, sha } from './accounts-shelf.ts'
import { expected, filesOf, fillModel, keyOf, type Model, model, sizeOf } from './files-model.ts'

test('a removal of files, with images or without, takes exactly what nothing else needs', async (t) => {
  const check = async (all: Model): Promise<void> => {
    const shelf = await openShelf(t)
    fillModel(shelf, all)
    const reader = openReader(join(shelf.folder, 'cachalot.db'))
    try {
      const files = [...filesOf(all).values()]
      const going = files.filter((_, at) => all.going[at] === true)
      const images = all.images.flatMap((_, at) => (all.going[30 + at] === true ? [at] : []))
      const ask = {
        files: going,
        images: images.map((at) => ({
          upstream: 'docker.io',
          repository: 'team/app',
          digest: sha(`m${at}`),
        })),
      }
      const want = expected(all, going, images)
      const got = removal(reader, ask)
      const manifests = images.length * 4096
      assert.deepEqual(
        got.entries
          .filter(({ kind }) => kind === 'file')
          .map((one) => `${one.frontEnd} ${one.repository} ${one.ref}`)
          .toSorted(),
        want.left.map((one) => `${one.kind} ${keyOf(one).repository} ${one.ref}`).toSorted(),
      )
      const sum = (blobs: readonly number[]): number =>
        blobs.reduce((total, one) => total + sizeOf(one), manifests)
      assert.deepEqual([got.total, got.frees], [sum(want.pieces), sum(want.freed)])
      assert.deepEqual(got.files.map(fileText).toSorted(), going.map(fileText).toSorted())
      const { total, frees, objects } = removalSums(reader, ask)
      assert.deepEqual([total, frees, objects], [got.total, got.frees, got.digests.length])
    } finally {
      reader.close()
      await shelf.index.close()
    }
  }
  await fc.assert(fc.asyncProperty(model, check), { numRuns: 40 })
})

test('lists have the sizes that each file has by itself, also when they are read again from disk', async (t) => {
  const check = async (all: Model): Promise<void> => {
    const shelf = await openShelf(t)
    fillModel(shelf, all)
    const [reader, own] = [1, 2].map(() => openReader(join(shelf.folder, 'cachalot.db')))
    assert.ok(reader !== undefined && own !== undefined)
    try {
      const steps = makeFileLedger(own)
      let step = steps.next()
      while (step.done !== true) step = steps.next()
      const ledger = step.value
      assert.deepEqual(
        ledger.files.map(({ name: text }) => text).toSorted(),
        [...filesOf(all).keys()].toSorted(),
      )
      assert.deepEqual(unpackFiles(packFiles(ledger)), ledger)
      for (const { of, file: path, total, onlyHere } of ledger.files) {
        const found = file(reader, { kind: of.kind, repository: of.repository, file: path, pins: [] })
        assert.deepEqual([found?.file.total, found?.file.onlyHere], [total, onlyHere], path)
      }
    } finally {
      reader.close()
      own.close()
      await shelf.index.close()
    }
  }
  await fc.assert(fc.asyncProperty(model, check), { numRuns: 40 })
})
