import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PrefetchReport, PrefetchRow } from '../../src/api/contract-prefetch.ts'
import { createLab, type Lab } from './lab.ts'

function write(lab: Lab, ...lists: string[]): void {
  appendFileSync(join(lab.folder, 'config.toml'), lists.map((list) => `[[prefetch]]\n${list}\n`).join('\n'))
}

void test('prefetch: a dry run, a run and the list, without a server and beside one', async (t) => {
  const lab = await createLab(t)
  write(lab, 'name = "base images"\nrefs = ["nginx:1.27"]\nschedule = "30 2 * * *"', 'refs = ["gone:1"]')
  lab.hub.addImage('library/nginx', { tags: ['1.27'], layers: [300_000] })
  lab.hub.addImage('library/other', { tags: ['1'], layers: [1000] })
  await lab.ok('fetch', 'other:1')
  const known = lab.blobFiles().length
  const dry = await lab.ok('prefetch', 'base images', '--dry-run')
  assert.match(dry, /^base images\tdocker\.io\/library\/nginx:1\.27\tdue\t\t1\t$/m)
  assert.equal(lab.blobFiles().length, known)
  const { code, out } = await lab.run('prefetch')
  assert.equal(code, 3)
  assert.match(out, /^base images\tdocker\.io\/library\/nginx:1\.27\tfetched\t30\d{4}\t1\t$/m)
  assert.match(out, /^base images: 1 fetched, 0 unchanged; 29\d(\.\d)? KiB, 1 pull$/m)
  assert.match(out, /^prefetch 2\tdocker\.io\/library\/gone:1\tfailed\t0\t0\t/m)

  await lab.serve()
  const [report] = await lab.json<PrefetchReport[]>('prefetch', 'BASE IMAGES')
  assert.deepEqual([report?.unchanged, report?.pulls], [1, 0])
  const { items } = await lab.json<{ items: PrefetchRow[] }>('prefetch', '--list')
  assert.deepEqual(
    items.map(({ name, nextRun, last }) => [name, nextRun !== undefined, last?.report.failed]),
    [
      ['base images', true, 0],
      ['prefetch 2', false, 1],
    ],
  )
  assert.match(
    await lab.ok('prefetch', '--list'),
    /^base images\t30 2 \* \* \*\t\d{4}-.*\t0 fetched, 1 unchanged$/m,
  )
  assert.match(await lab.ok('jobs'), /^prefetch "base images"\toperator\t/m)
})

void test('prefetch: names that are no lists, and none at all', async (t) => {
  const lab = await createLab(t)
  assert.match((await lab.run('prefetch')).err, /there is no list: write a \[\[prefetch\]\]/)
  write(lab, 'refs = ["nginx"]')
  const unknown = await lab.run('prefetch', 'nightly')
  assert.equal(unknown.code, 4)
  assert.match(unknown.err, /there is no list "nightly" in config\.toml/)
  assert.equal((await lab.run('prefetch', '--list', '--dry-run')).code, 2)
})
