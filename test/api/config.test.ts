import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiOf } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'

test('the configuration in effect says where each value comes from, and no secret', async (t) => {
  const { cache } = await startPair(t, { config: { cache: { tag_ttl: '7m' } } })
  const { file, items } = await apiOf(cache).get('/config', {})
  assert.match(file, /\.toml$/)
  const ttl = items.find(({ key }) => key === 'cache.tag_ttl')
  assert.ok(ttl !== undefined && !ttl.isDefault && /:\d+$/.test(ttl.origin), JSON.stringify(ttl))
  assert.match(ttl.value, /7m/)
  const hsts = items.find(({ key }) => key === 'storage.evict_to')
  assert.deepEqual([hsts?.origin, hsts?.isDefault], ['default', true])
})
