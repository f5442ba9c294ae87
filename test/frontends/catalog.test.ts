import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextLink } from '../../src/frontends/oci/pages.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import type { Cleanup } from '../support/temp.ts'
import { jsonOf, verdict } from './support.ts'

const HUB = ['docker.io/library/a', 'docker.io/library/b', 'docker.io/org/c']
const QUAY = ['quay.test/org/a', 'quay.test/solo']

/** A cache that has these repositories of two upstreams, and has seen another without keeping anything. */
async function startFilled(t: Cleanup) {
  const hub = await startFakeUpstream()
  const quay = await startFakeUpstream()
  const upstreams = [
    { name: 'docker.io', url: hub.url },
    { name: 'quay.test', url: quay.url, aliases: ['quay'] },
  ]
  const cache = await startCachalot(t, { upstreams })
  t.after(async () => void (await Promise.all([hub.close(), quay.close()])))
  for (const path of [...HUB, ...QUAY]) {
    const [registry, ...name] = path.split('/')
    const upstream = registry === 'docker.io' ? hub : quay
    upstream.addImage(name.join('/'), { tags: ['1'], layers: 0 })
    await cache.fetch(`/v2/${path}/manifests/1`)
  }
  await cache.fetch('/v2/library/none/manifests/1')
  hub.requests.clear()
  quay.requests.clear()
  return { hub, quay, cache }
}

async function list(cache: Cachalot, path: string) {
  const answer = await cache.fetch(path)
  assert.equal(answer.status, 200, path)
  const { repositories } = jsonOf<{ repositories: readonly string[] }>(answer)
  return { repositories, link: nextLink(String(answer.headers.link)) }
}

describe('the catalog', () => {
  test('lists what is cached, in byte order, and asks nobody', async (t) => {
    const { hub, quay, cache } = await startFilled(t)
    assert.deepEqual(await list(cache, '/v2/_catalog'), { repositories: [...HUB, ...QUAY], link: undefined })
    assert.equal(hub.requests.count() + quay.requests.count(), 0)
  })

  test('of one upstream has names as they are used there', async (t) => {
    const { cache } = await startFilled(t)
    for (const path of ['/v2/_catalog?ns=quay.test', '/quay.test/v2/_catalog', '/quay/v2/_catalog']) {
      assert.deepEqual((await list(cache, path)).repositories, ['org/a', 'solo'], path)
    }
    assert.equal(verdict(await cache.fetch('/v2/_catalog?ns=evil.test')), '404 NAME_UNKNOWN')
  })

  test('comes in pages', async (t) => {
    const { cache } = await startFilled(t)
    for (const base of ['/v2/_catalog?n=1', '/v2/_catalog?n=2', '/v2/_catalog?n=1000000']) {
      const all: string[] = []
      let next: string | undefined = base
      while (next !== undefined) {
        const page = await list(cache, next)
        all.push(...page.repositories)
        next = page.link
      }
      assert.deepEqual(all, [...HUB, ...QUAY], base)
    }
    const own = await list(cache, '/quay/v2/_catalog?n=1')
    assert.deepEqual(own, { repositories: ['org/a'], link: '/quay/v2/_catalog?n=1&last=org%2Fa' })
    assert.deepEqual(await list(cache, '/v2/_catalog?n=0'), { repositories: [], link: undefined })
    assert.deepEqual((await list(cache, '/v2/_catalog?last=quay.test/org')).repositories, QUAY)
    assert.equal(verdict(await cache.fetch('/v2/_catalog?n=-1')), '400 PAGINATION_NUMBER_INVALID')
  })

  test('takes names for text, never for patterns or statements', async (t) => {
    const { cache } = await startFilled(t)
    for (const last of ["' OR 1=1 --", '%', '_', '"', '\\']) {
      const { repositories } = await list(cache, `/v2/_catalog?last=${encodeURIComponent(last)}`)
      const want = [...HUB, ...QUAY].filter((name) => name > last)
      assert.deepEqual(repositories, want, last)
    }
  })
})
