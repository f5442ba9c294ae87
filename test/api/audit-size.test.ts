import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createPreviews, rowsOfShown, type Shown } from '../../src/api/previews.ts'
import { assertNoParts } from '../e2e/support.ts'
import { carryOut, preview } from '../jobs/goal-support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'

suite('what is written down of thousands of names', () => {
  test('of an eviction: the first of them, and how many', async (t) => {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    const names = ['app:1', ...Array.from({ length: 5000 }, (_, at) => `absent:${at}`)]
    const exclude = Array.from({ length: 5000 }, (_, at) => `else:${at}`)
    const { previewId } = await api.post('/selection', { names, exclude })
    await api.post('/evict', { previewId, mode: 'undo' })
    const [row] = (await api.get('/audit', {})).items
    assert.match(row?.target ?? '', /^app:1 absent:0 .* and \d+ more but else:0 .* more$/)
  })

  test('of a clean-up: how many stay out', async (t) => {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const image = hub.addImage('library/app', { tags: ['1'] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const shown = await preview(cache, { to: 0, grace: 0 })
    const [reason] = shown.report.rows
    assert.ok(reason)
    await carryOut(cache, shown.previewId, [reason.reason])
    const row = (await apiOf(cache).get('/audit', {})).items.find(({ action }) => action === 'gc')
    assert.match(JSON.stringify(row?.detail), /"exclude":1\b/)
  })
})

test('previews of images with very many tags push others out as many images do', () => {
  const previews = createPreviews<Shown>(fakeClock(), rowsOfShown)
  const image = {
    name: 'a/b:1',
    upstream: 'a',
    repository: 'b',
    digest: `sha256:${'0'.repeat(64)}`,
    tags: 'x'.repeat(12_000_000),
  } as const
  const shown = { images: [image], files: [], mirrors: [], target: '' }
  const first = previews.put('alice', shown)
  previews.put('bob', shown)
  assert.throws(() => previews.take('alice', first.previewId), /too long ago/)
})
