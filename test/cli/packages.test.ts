import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ExportPlan, ImportReport } from '../../src/api/contract-packages.ts'
import { createLab } from './lab.ts'

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

suite('export and import', { timeout: 180_000 }, () => {
  test('carry images to a machine without a network, without any server', async (t) => {
    const lab = await createLab(t)
    const image = lab.hub.addImage('library/app', { tags: ['1'], layers: [2_000_000] })
    const file = join(lab.folder, 'app.tar')
    const out = await lab.ok('export', 'app:1', '-o', file)
    assert.match(out, new RegExp(`sha256\t${sha256(file)}\n`))
    assert.match(out, new RegExp(`size\t${statSync(file).size}\n`))
    const site = await createLab(t)
    await site.hub.stop()
    const { images } = await site.json<ImportReport>('import', file)
    assert.deepEqual(
      images.map(({ name, digest }) => [name, digest]),
      [['docker.io/library/app:1', image.manifest.digest]],
    )
    assert.match(await site.ok('ls', '--tags'), /docker\.io\/library\/app:1/)
    assert.match(await site.ok('lookup', 'app:1'), /complete/)
  })

  test('work beside a server; an unfinished file is gone on with, and it alone', async (t) => {
    const lab = await createLab(t)
    lab.hub.addImage('library/app', { tags: ['1', '2'], layers: [2_000_000] })
    lab.hub.addImage('library/other', { tags: ['1'], layers: [2_000_000] })
    await lab.serve()
    const file = join(lab.folder, 'app.tar')
    await lab.ok('export', 'app:1', '-o', file)
    const whole = readFileSync(file)
    const again = await lab.run('export', 'app:1', '-o', file)
    assert.deepEqual([again.code, /--continue.*--yes/.test(again.err)], [5, true])
    for (const size of [0, 100, 10_000, whole.length - 3, whole.length]) {
      writeFileSync(file, whole)
      truncateSync(file, size)
      const plan = await lab.json<ExportPlan>('export', 'app:1', '-o', file, '--continue')
      assert.ok(readFileSync(file).equals(whole), `${size}`)
      assert.equal(plan.sha256, sha256(file))
    }
    truncateSync(file, 1_000_000)
    const foreign = await lab.run('export', 'other:1', '-o', file, '--continue')
    assert.deepEqual([foreign.code, /not the beginning of this archive/.test(foreign.err)], [5, true])
    assert.equal(statSync(file).size, 1_000_000)
    await lab.ok('export', 'other:1', '-o', file, '--yes')
    const imported = await lab.run('import', file, '--as', 'org/new')
    assert.match(imported.out, /docker\.io\/org\/new:1/)
  })

  test('say what is wrong, and how it ended', async (t) => {
    const lab = await createLab(t)
    const { layers } = lab.hub.addImage('library/app', { tags: ['1'], layers: [2_000_000] })
    const file = join(lab.folder, 'a.tar')
    const codeOf = async (...args: string[]) => {
      const { code, err } = await lab.run(...args)
      return `${code} ${err.trim()}`
    }
    assert.match(await codeOf('export', 'app:1'), /^2 .*-o FILE/)
    assert.match(await codeOf('export', 'none:1', '-o', file), /^4 /)
    assert.match(
      await codeOf('export', 'app:1', '-o', file, '--platform', 'linux/s390x'),
      /^4 .*linux\/amd64/,
    )
    assert.match(await codeOf('export', 'app:1', '-o', lab.folder), /^2 .*is a folder/)
    assert.match(await codeOf('export', 'app:1', '-o', join(lab.folder, 'no/a.tar')), /^1 .*ENOENT/)
    assert.match(await codeOf('import', join(lab.folder, 'none.tar')), /^4 .*cannot be read/)
    assert.match(await codeOf('import', lab.folder), /^2 .*tar -C/)
    assert.match(await codeOf('import', join(lab.folder, 'config.toml')), /^2 .*no archive of images/)
    assert.match(await codeOf('import', file, file), /^2 .*twice/)
    const fault = { corruptAt: -1 }
    lab.hub.faults.add({ when: { kind: 'blob', ref: layers[0]?.digest ?? '' }, fault })
    assert.match(
      await codeOf('export', 'app:1', '-o', file),
      /^6 .*was cut after \d+ of \d+ bytes.*--continue/,
    )
  })
})
