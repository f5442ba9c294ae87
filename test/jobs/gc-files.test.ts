import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { missing } from '../clients/process.ts'
import { eventually, KIB } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { type Filled, fill, get, here, MODEL, MODULE, settled, startFileLab } from './file-support.ts'
import { assertShown, namesOf } from './goal-support.ts'
import { apiOf, du, gc } from './support.ts'

const skip = missing('git')
const filesOf = (names: Filled): readonly string[] => [
  names.version,
  names.config,
  names.weights,
  names.release,
  names.branchFile,
]

suite('a clean-up of files frees what it foretold', () => {
  test('of everything, mirrors among it; what is left out stays', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    clock.advance(HOUR)
    const all = [...filesOf(names), names.mirror]
    const stays = [names.version, names.config, names.mirror]
    const shown = await assertShown(lab.cache, { to: 0, grace: 0 }, () => stays)
    assert.deepEqual([...namesOf(shown)].toSorted(), all.toSorted())
    assert.deepEqual(await here(lab, all), stays)
    const [row] = shown.report.rows
    assert.ok(row !== undefined && row.files === row.objects && row.mirrors === 0)
    const rest = await assertShown(lab.cache, { to: 0, grace: 0 })
    assert.deepEqual(await here(lab, all), [])
    assert.equal(rest.report.rows[0]?.mirrors, 1)
    assert.equal(await du(lab.cache.dataDir), await keyBytes(lab.cache.dataDir))
  })

  test('of what nobody used for long, each by its last use', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    clock.advance(20 * DAY)
    await get(lab, '/https://github.com/owner/repo/releases/download/v1/tool.tgz')
    await get(lab, `/go/${MODULE}/@v/v1.0.0.zip`)
    await settled(lab)
    const shown = await assertShown(lab.cache, { idle: 10 * DAY })
    const item = shown.items.find(({ name }) => name === names.version)
    assert.ok(
      item !== undefined && item.frees < item.total,
      'of a version that is used in part, the rest goes',
    )
    assert.deepEqual(await here(lab, [...filesOf(names), names.mirror]), [names.version, names.release])
  })

  test('of one protocol alone', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    clock.advance(HOUR)
    const upstreams = { version: 'go', weights: 'hf', release: 'github', mirror: 'git' } as const
    for (const [name, upstream] of Object.entries(upstreams)) {
      const file = names[name as keyof typeof upstreams] // its own keys
      assert.deepEqual(await here(lab, [file]), [file])
      const shown = await assertShown(lab.cache, { to: 0, grace: 0, upstreams: [upstream] })
      assert.ok(shown.items.every((item) => item.name.startsWith(`${upstream}:`)))
      assert.deepEqual(await here(lab, [file]), [])
    }
    await assert.rejects(gc(lab.cache, { to: 0, upstreams: ['huggingface'] }), { code: 'not_found' })
  })

  test('of as many bytes as are asked for, the coldest first', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    clock.advance(HOUR)
    const paths = {
      version: `/go/${MODULE}/@v/v1.0.0.zip`,
      weights: `/hf/org/model/resolve/main/model.safetensors`,
      release: '/https://github.com/owner/repo/releases/download/v1/tool.tgz',
    }
    for (const path of Object.values(paths)) {
      await get(lab, path)
      clock.advance(MINUTE)
    }
    await settled(lab)
    // Of what was not used since, the mirror is the largest part.
    const shown = await assertShown(lab.cache, { free: 40_000, grace: 0 })
    assert.equal(shown.report.rows[0]?.mirrors, 1)
    assert.deepEqual(await here(lab, [names.weights, names.release, names.mirror]), [
      names.weights,
      names.release,
    ])
  })
})

/** The key that signs links is no content. */
async function keyBytes(dataDir: string): Promise<number> {
  const { stat } = await import('node:fs/promises')
  const stats = await stat(`${dataDir}/git/key`).catch(() => undefined)
  return (stats?.blocks ?? 0) * 512
}

suite('files expire', () => {
  test('lists, branches and pointers like lists of images; files do not', async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { cache: { stale_if_error: '10d' } } })
    const names = await fill(lab, { withMirror: false })
    await get(lab, '/api/models/org/model'.replace('/api', '/hf/api'))
    clock.advance(9 * DAY)
    assert.deepEqual((await gc(lab.cache, { dryRun: true })).rows, [])
    await get(lab, `/go/${MODULE}/@v/list`)
    await settled(lab)
    clock.advance(2 * DAY)
    const shown = await assertShown(lab.cache, {})
    const [row] = shown.report.rows
    assert.deepEqual([row?.reason, row?.files], ['expired', row?.objects])
    const left = filesOf(names).filter((name) => name !== names.branchFile)
    assert.deepEqual(await here(lab, filesOf(names)), left)
    lab.go.state = 'down'
    await lab.hf.stop()
    assert.equal(await get(lab, `/go/${MODULE}/@v/list`), 'stale', 'it was used meanwhile')
    assert.equal(await get(lab, `/hf/org/model/resolve/${names.commit}/config.json`), 'hit')
    const gone = await lab.cache.fetch('/hf/org/model/resolve/main/config.json', { lint: false })
    assert.equal(gone.status, 503)
  })

  test('what is beside them once they are gone', async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { cache: { stale_if_error: '10d' } } })
    const names = await fill(lab, { withMirror: false })
    lab.go.publish({ module: MODULE, version: 'v1.1.0' })
    await get(lab, `/go/${MODULE}/@v/v1.1.0.zip`)
    const absent = `/hf/org/model/resolve/${names.commit}/absent.json`
    assert.equal((await lab.cache.fetch(absent, { lint: false })).status, 404)
    await settled(lab)
    const beside = async (): Promise<number> => (await apiOf(lab.cache).get('/stats', {})).disk.blobs
    clock.advance(HOUR)
    await get(lab, `/go/${MODULE}/@v/v1.1.0.zip`)
    await gc(lab.cache, { idle: 30 * MINUTE, grace: 0, upstreams: ['go'] })
    assert.deepEqual(await here(lab, [names.version]), [])
    clock.advance(11 * DAY)
    await get(lab, `/go/${MODULE}/@v/v1.1.0.zip`)
    const before = await beside()
    await assertShown(lab.cache, {})
    assert.ok((await beside()) < before)
    assert.equal(
      (await lab.cache.fetch(absent, { lint: false })).headers['x-cache'],
      'hit',
      'its model is here',
    )
    await get(lab, `/go/${MODULE}/@v/v1.1.0.zip`)
  })

  test('what its upstream does not have any more stays, unless it is asked for too', async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { cache: { stale_if_error: '10d' } } })
    const { branchFile, release } = await fill(lab, { withMirror: false })
    lab.github.remove('raw.githubusercontent.com', '/owner/repo/main/README.md')
    clock.advance(HOUR)
    await get(lab, '/https://raw.githubusercontent.com/owner/repo/main/README.md')
    await settled(lab)
    clock.advance(11 * DAY)
    await gc(lab.cache)
    assert.deepEqual(await here(lab, [branchFile]), [branchFile])
    const goal = { to: 0, grace: 0, upstreams: ['github'] }
    assert.equal((await gc(lab.cache, goal)).kept.gone, 1)
    assert.deepEqual(await here(lab, [branchFile, release]), [branchFile])
    await gc(lab.cache, { ...goal, includeGone: true })
    assert.deepEqual(await here(lab, [branchFile]), [])
  })
})

suite('mirrors that their servers show to nobody any more', () => {
  test('stay as files of that kind do, unless they are asked for too', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const { mirror } = await fill(lab)
    lab.git.state = 'missing'
    clock.advance(HOUR)
    await lab.cache.fetch(`/${mirror.slice(4)}/info/refs?service=git-upload-pack`, { lint: false })
    const states = async () =>
      (await apiOf(lab.cache).get('/files', { kind: 'git' })).items.map(({ state }) => state)
    assert.deepEqual(await states(), ['gone'])
    const goal = { to: 0, grace: 0, upstreams: ['git'] }
    assert.equal((await gc(lab.cache, goal)).kept.gone, 1)
    assert.deepEqual(await states(), ['gone'])
    await gc(lab.cache, { ...goal, includeGone: true })
    assert.deepEqual(await states(), [])
  })
})

suite('a budget of a protocol', () => {
  test('is kept while files come, and again when it is lowered', async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { huggingface: { max_size: '1MiB' } } })
    for (let i = 0; i < 8; i++) {
      lab.hf.publish(MODEL, { 'a.bin': { large: randomBytes(200_000) } })
      clock.advance(HOUR)
      await get(lab, '/hf/org/model/resolve/main/a.bin')
      await settled(lab)
    }
    const before = await du(lab.cache.dataDir)
    assert.ok(before > 700 * KIB && before <= 1024 * KIB, String(before))
    await lab.cache.reload({ config: { huggingface: { max_size: '300KiB' } } })
    await eventually('within the lower one', async () => (await du(lab.cache.dataDir)) <= 300 * KIB)
    assert.equal(await get(lab, '/hf/org/model/resolve/main/a.bin'), 'hit')
  })
})
