import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Overview, UpstreamRow } from '../../src/api/contract-activity.ts'
import { eventually } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { get } from './live-support.ts'

const MIB = 1024 * 1024

test('what an upstream sent is the same sum everywhere, also of what was not kept', async (t) => {
  const { hub, cache } = await startPair(t, { config: { storage: { max_size: '2MiB', min_free: '0' } } })
  const small = hub.addImage('library/small', { tags: ['1'], layers: [MIB / 2] })
  await pullImage(cache, small, { repo: 'library/small', tag: '1' })
  // Larger than all there may be: it passes by, twice.
  const large = hub.addImage('library/large', { tags: ['1'], layers: [3 * MIB] })
  for (let n = 0; n < 2; n++) await pullImage(cache, large, { repo: 'library/large', tag: '1' })
  const fetched = async () => {
    const { traffic } = await apiOf(cache).get('/stats', {})
    return traffic.reduce((sum, row) => sum + row.fetched, 0)
  }
  await eventually('all of it is counted', async () => (await fetched()) > 6.5 * MIB)
  const sent = await fetched()
  assert.ok(sent < 6.6 * MIB, `${sent}`)
  for (const range of ['1h', '24h'])
    assert.equal((await get<Overview>(cache, `/overview?range=${range}`)).fetched.bytes, sent, range)
  const { items } = await get<{ items: readonly UpstreamRow[] }>(cache, '/upstreams')
  assert.equal(
    items.reduce((sum, row) => sum + row.fetched, 0),
    sent,
  )
})
