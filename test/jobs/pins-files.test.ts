import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { missing } from '../clients/process.ts'
import { eventually } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { fill, get, here, MODULE, startFileLab } from './file-support.ts'
import { apiOf, gc } from './support.ts'

const skip = missing('git')

suite('a pin on files', () => {
  test('keeps each kind, and nothing else', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock })
    const names = await fill(lab)
    const all = [names.version, names.config, names.weights, names.release, names.branchFile, names.mirror]
    assert.deepEqual(await here(lab, all), all)
    const pinned = [names.version, names.weights, 'github:owner/repo/releases/**', names.mirror]
    const { items } = await apiOf(lab.cache).put('/pins', { match: pinned })
    for (const { match, images, files, bytes } of items) {
      assert.deepEqual([images, files], [0, 1], match)
      assert.ok(bytes > 20_000, match)
    }
    clock.advance(HOUR)
    const report = await gc(lab.cache, { to: 0, grace: 0 })
    assert.ok(report.kept.pinned > 4)
    const kept = [names.version, names.weights, names.release, names.mirror]
    assert.deepEqual(await here(lab, all), kept)
    lab.go.state = 'down'
    await lab.hf.stop()
    for (const ending of ['info', 'mod', 'zip'])
      assert.equal(await get(lab, `/go/${MODULE}/@v/v1.0.0.${ending}`), 'hit')
    await apiOf(lab.cache).del('/pins', { match: pinned })
    clock.advance(HOUR)
    await gc(lab.cache, { to: 0, grace: 0 })
    assert.deepEqual(await here(lab, all), [])
  })

  test('counts for what comes, and a whole repository keeps what leads to its files', async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, {
      clock,
      config: { pin: [{ match: 'hf:models/org/*' }, { match: 'GitHub:Owner/Repo' }] },
    })
    const { weights, release, config, version } = await fill(lab, { withMirror: false })
    clock.advance(HOUR)
    await gc(lab.cache, { to: 0, grace: 0 })
    assert.deepEqual(await here(lab, [weights, release, config, version]), [weights, release, config])
    await lab.hf.stop()
    assert.equal(await get(lab, '/hf/org/model/resolve/main/config.json'), 'stale')
    const { items } = await apiOf(lab.cache).get('/pins', {})
    assert.deepEqual(
      items.map(({ match, files }) => [match, files]),
      [
        ['github:owner/repo', 2],
        ['hf:org/*', 2],
      ],
    )
  })

  test('is written in many ways, and what can match nothing is refused', async (t) => {
    const lab = await startFileLab(t)
    const put = async (...match: string[]) => (await apiOf(lab.cache).put('/pins', { match })).items
    const items = await put('HF:models/gpt2', 'go:golang.org/x/text/@v/v0.3.0.zip', 'hf:datasets/squad')
    assert.deepEqual(
      items.map(({ match }) => match),
      ['go:golang.org/x/text@v0.3.0', 'hf:datasets/squad', 'hf:gpt2'],
    )
    for (const match of ['go:text', 'github:owner', 'hf:/x', 'git:gitlab.com/a/b', 'go:'])
      await assert.rejects(put(match), /can match nothing here/, match)
    await apiOf(lab.cache).del('/pins', { match: ['hf:models/gpt2', 'hf:datasets/squad'] })
    assert.deepEqual(
      (await apiOf(lab.cache).get('/pins', {})).items.map(({ match }) => match),
      ['go:golang.org/x/text@v0.3.0'],
    )
    const { items: audit } = await apiOf(lab.cache).get('/audit', {})
    assert.ok(
      audit.some(({ action, target }) => action === 'unpin' && target === 'hf:gpt2 hf:datasets/squad'),
    )
  })

  test('holds a mirror against eviction for room, and expires with its time', { skip }, async (t) => {
    const clock = fakeClock()
    const lab = await startFileLab(t, { clock, config: { jobs: { expire_unused: '2d' } } })
    const { mirror, release } = await fill(lab)
    const until = clock() + 10 * DAY
    await apiOf(lab.cache).put('/pins', { match: [mirror.replace(/[^/]+$/, '*')], until })
    clock.advance(MINUTE)
    // The mirror is the coldest of all.
    await get(lab, '/https://github.com/owner/repo/releases/download/v1/tool.tgz')
    await lab.cache.reload({ config: { storage: { max_size: '64KiB' } } })
    await eventually('the release is gone', async () => (await here(lab, [release])).length === 0)
    assert.deepEqual(await here(lab, [mirror]), [mirror])
    clock.advance(3 * DAY)
    const { kept } = await gc(lab.cache)
    assert.ok(kept.pinned >= 1 && kept.pinnedBytes > 30_000)
    assert.deepEqual(await here(lab, [mirror]), [mirror])
    clock.advance(8 * DAY + MINUTE)
    await gc(lab.cache)
    assert.deepEqual(await here(lab, [mirror]), [])
  })
})
