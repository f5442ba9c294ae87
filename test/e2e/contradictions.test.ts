import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { assertStoreSound, assertWhole, manifestPath } from './support.ts'

const PATH = manifestPath('1')

suite('a manifest that does not have the digest its own answer states', () => {
  test('is asked for once more, by that digest', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    hub.faults.add({ times: 1, when: { kind: 'manifest' }, fault: { corruptAt: 40 } })
    assertWhole(await cache.fetch(PATH), manifest)
    assert.deepEqual(
      hub.requests.list({ method: 'GET' }).map(({ ref }) => ref),
      ['1', manifest.digest],
    )
    for (const path of [PATH, manifestPath(manifest.digest)]) {
      const again = await cache.fetch(path)
      assertWhole(again, manifest)
      assert.equal(again.headers['x-cache'], 'hit')
    }
  })

  test('is neither served nor kept', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    hub.faults.add({ when: { kind: 'manifest' }, fault: { corruptAt: 40 } })
    for (let i = 0; i < 2; i++) assert.equal((await cache.fetch(PATH)).status, 502)
    await assertStoreSound(cache.dataDir)
    hub.faults.clear()
    assertWhole(await cache.fetch(PATH), manifest)
  })

  test('is refused with the digest nobody has', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const headers = { 'Docker-Content-Digest': `sha256:${'ab'.repeat(32)}` }
    const lie = hub.faults.add({ when: { kind: 'manifest', ref: '1' }, fault: { headers } })
    const answer = await cache.fetch(PATH)
    assert.equal(answer.status, 502)
    assert.match(answer.body.toString(), /sent content with digest/)
    lie.remove()
    assertWhole(await cache.fetch(PATH), manifest)
  })
})

test('a manifest that breaks off with its connection is not taken for one', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  for (const headers of [{}, { 'Docker-Content-Digest': null }]) {
    const cut = hub.faults.add({
      when: { kind: 'manifest' },
      fault: { closeDelimited: true, truncateAfter: 200, headers },
    })
    assert.equal((await cache.fetch(PATH)).status, 502)
    cut.remove()
  }
  assertWhole(await cache.fetch(PATH), manifest)
})
