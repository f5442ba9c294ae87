import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { hash } from '@node-rs/bcrypt'
import { addBlob, assertWhole, blobPath, eventually, KIB, manifestPath } from '../e2e/support.ts'
import { gc, remove } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { tempDir } from '../support/temp.ts'

test('what was pulled, fetched and taken out is counted', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 100 * KIB)
  hub.addImage('library/app', { tags: ['1'] })
  assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  await cache.fetch(manifestPath('1'))
  await cache.fetch('/v2/library/app/manifests/none')
  const read = async (): Promise<string> => (await cache.fetch('/metrics')).body.toString()
  const valueOf = async (name: string): Promise<number> => {
    const line = (await read()).split('\n').find((one) => one.startsWith(`${name} `))
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1))
  }
  const of = 'front_end="oci",upstream="docker.io"'
  await eventually('it is there', async () => (await valueOf('cachalot_flights')) === 0)
  assert.equal(await valueOf(`cachalot_requests_total{${of},outcome="hit"}`), 1)
  assert.equal(await valueOf(`cachalot_sent_bytes_total{${of},outcome="hit"}`), blob.size)
  assert.ok((await valueOf(`cachalot_requests_total{${of},outcome="miss"}`)) >= 2)
  assert.ok(
    (await valueOf('cachalot_fetched_bytes_total{front_end="oci",upstream="docker.io"}')) >= blob.size,
  )
  assert.ok((await valueOf('cachalot_upstream_seconds_count{upstream="docker.io"}')) >= 3)
  assert.equal(await valueOf('cachalot_upstream_breaker{upstream="docker.io"}'), 0)
  assert.ok((await valueOf('cachalot_hit_ratio{of="requests"}')) > 0)
  assert.ok((await valueOf('cachalot_disk_used_bytes')) > blob.size)
  assert.ok((await valueOf('cachalot_store_bytes{upstream="docker.io"}')) > blob.size)
  await remove(cache, ['app:1'])
  assert.ok((await valueOf('cachalot_evicted_bytes_total{reason="removed"}')) > 0)
  await gc(cache, { to: 0, grace: 0 })
  assert.ok((await valueOf('cachalot_evicted_bytes_total{reason="coldest"}')) >= blob.size)
  assert.equal(await valueOf('cachalot_job_runs_total{name="gc",outcome="ok"}'), 1)
  assert.equal(await valueOf('cachalot_job_last_failed{name="gc"}'), 0)
  await hub.stop()
  await cache.fetch('/v2/library/app/manifests/other')
  assert.ok((await read()).includes('cachalot_upstream_errors_total{upstream="docker.io",code="upstream_un'))
})

test('strangers read nothing, admins everything wherever they are', async (t) => {
  const folder = await tempDir(t)
  const htpasswd = join(folder, 'htpasswd')
  await writeFile(
    htpasswd,
    `boss:${await hash('secret', { cost: 4 })}\nmate:${await hash('secret', { cost: 4 })}\n`,
  )
  const { cache } = await startPair(t, {
    config: { server: { trusted_proxies: ['127.0.0.1'] }, auth: { htpasswd, admins: ['boss'] } },
  })
  const ask = (address: string, login?: string) =>
    cache.fetch('/metrics', {
      headers: {
        'x-forwarded-for': address,
        ...(login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
    })
  assert.equal((await ask('192.168.1.5')).status, 200)
  const refused = await ask('203.0.113.7')
  assert.ok([401, 403].includes(refused.status), String(refused.status))
  assert.ok(!refused.body.includes('cachalot_'))
  assert.equal((await ask('203.0.113.7', 'mate:secret')).status, 403)
  assert.equal((await ask('203.0.113.7', 'boss:wrong')).status, 401)
  const seen = await ask('203.0.113.7', 'boss:secret')
  assert.equal(seen.status, 200)
  assert.match(String(seen.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.equal(seen.headers['cache-control'], 'no-store')
})
