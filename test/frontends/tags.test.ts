import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextLink } from '../../src/frontends/oci/pages.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { jsonOf, verdict } from './support.ts'

interface TagList {
  readonly name: string
  readonly tags: readonly string[]
}

const LETTERS = 'abcdefghij'.split('')

function addTags(hub: FakeUpstream, repo: string, tags: readonly string[] = LETTERS): void {
  hub.addImage(repo, { tags, layers: 0 })
}

async function list(cache: Cachalot, path: string) {
  const answer = await cache.fetch(path)
  assert.equal(answer.status, 200, path)
  assert.equal(answer.headers['content-type'], 'application/json')
  return { ...jsonOf<TagList>(answer), link: nextLink(String(answer.headers.link)), headers: answer.headers }
}

/** Follows links to the end, as clients do. */
async function crawl(cache: Cachalot, path: string): Promise<string[]> {
  const all: string[] = []
  let next: string | undefined = path
  for (let pages = 0; next !== undefined; pages++) {
    assert.ok(pages < 50, 'the links lead in circles')
    const page = await list(cache, next)
    all.push(...page.tags)
    next = page.link
  }
  return all
}

describe('a tag list', () => {
  test('is the upstream’s, under the name it was asked for', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'library/app')
    for (const name of ['app', 'library/app', 'docker.io/library/app', 'hub/app']) {
      const page = await list(cache, `/v2/${name}/tags/list`)
      assert.deepEqual([page.name, page.tags, page.link], [name, LETTERS, undefined])
    }
    const prefixed = await list(cache, '/docker.io/v2/app/tags/list')
    assert.deepEqual([prefixed.name, prefixed.tags], ['app', LETTERS])
    assert.equal(hub.requests.count(), 1)
  })

  test('is cut into pages by n and goes on after last', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'org/app')
    const at = '/v2/org/app/tags/list'
    const first = await list(cache, `${at}?n=4`)
    assert.deepEqual([first.tags, first.link], [['a', 'b', 'c', 'd'], `${at}?n=4&last=d`])
    const exact = await list(cache, `${at}?n=10`)
    assert.deepEqual([exact.tags, exact.link], [LETTERS, undefined])
    const more = await list(cache, `${at}?n=1000000000`)
    assert.deepEqual([more.tags, more.link], [LETTERS, undefined])
    const after = await list(cache, `${at}?last=h`)
    assert.deepEqual([after.tags, after.link], [['i', 'j'], undefined])
    const beyond = await list(cache, `${at}?n=5&last=j`)
    assert.deepEqual([beyond.tags, beyond.link], [[], undefined], 'an empty array, not null')
    const none = await list(cache, `${at}?n=0`)
    assert.deepEqual([none.tags, none.link], [[], undefined])
  })

  test('is whole when its links are followed, whatever pages the upstream makes', async (t) => {
    for (const pageSize of [1, 3, 100]) {
      const { hub, cache } = await startPair(t, { fake: { pageSize } })
      addTags(hub, 'org/app')
      for (const query of ['', '?n=1', '?n=3', '?n=4', '?n=100']) {
        const at = `/v2/org/app/tags/list${query}`
        assert.deepEqual(await crawl(cache, at), LETTERS, `${query}, pages of ${pageSize}`)
      }
    }
  })

  test('has links that lead back the way the client came', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'library/app')
    const links = {
      '/v2/app/tags/list?n=2': '/v2/app/tags/list?n=2&last=b',
      '/v2/hub/app/tags/list?n=2': '/v2/hub/app/tags/list?n=2&last=b',
      '/hub/v2/app/tags/list?n=2': '/hub/v2/app/tags/list?n=2&last=b',
      '/v2/app/tags/list?n=2&ns=docker.io': '/v2/app/tags/list?n=2&last=b&ns=docker.io',
    }
    for (const [path, link] of Object.entries(links)) {
      assert.equal((await list(cache, path)).link, link)
      assert.deepEqual(await crawl(cache, path), LETTERS, path)
    }
    const evil = await cache.fetch('/v2/app/tags/list?n=2', { headers: { host: 'evil.test' } })
    assert.equal(evil.headers.link, '</v2/app/tags/list?n=2&last=b>; rel="next"')
  })

  test('comes to an end although the upstream’s links do not', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'org/app')
    hub.faults.add({
      when: { kind: 'tags' },
      fault: {
        headers: { Link: '</v2/org/app/tags/list>; rel="next"' },
        swapBody: Buffer.from(JSON.stringify({ name: 'org/app', tags: LETTERS })),
      },
    })
    for (const query of ['', '?n=3', '?n=20']) {
      assert.deepEqual(await crawl(cache, `/v2/org/app/tags/list${query}`), LETTERS, query)
    }
  })

  test('with an n or last that is none is refused, and the upstream is not asked', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'org/app')
    for (const query of [
      'n=-1',
      'n=1e3',
      'n=%205',
      'n=%EF%BC%95',
      'n=x',
      'n=',
      'n=1&n=2',
      `last=${'a'.repeat(600)}`,
    ]) {
      const answer = await cache.fetch(`/v2/org/app/tags/list?${query}`)
      assert.equal(verdict(answer), '400 PAGINATION_NUMBER_INVALID', query)
    }
    assert.equal(hub.requests.count(), 0)
  })

  test('of a repository the upstream does not have is NAME_UNKNOWN', async (t) => {
    const { cache } = await startPair(t)
    assert.equal(verdict(await cache.fetch('/v2/org/none/tags/list')), '404 NAME_UNKNOWN')
  })

  test('that is no tag list is not passed on', async (t) => {
    const { hub, cache } = await startPair(t)
    const bodies = { 'no JSON': '502', '[]': '200', '{"tags":null}': '200', '{"tags":["a",1,{}]}': '200' }
    for (const [i, [body, status]] of Object.entries(bodies).entries()) {
      addTags(hub, `org/app${i}`)
      hub.faults.add({ when: { repo: `org/app${i}` }, fault: { swapBody: Buffer.from(body) } })
      const answer = await cache.fetch(`/v2/org/app${i}/tags/list`)
      assert.equal(String(answer.status), status, body)
      if (answer.status !== 200) assert.equal(verdict(answer), '502 UNAVAILABLE')
      else assert.deepEqual(jsonOf<TagList>(answer).tags, body.includes('"a"') ? ['a'] : [])
    }
  })

  test('is kept for a minute, then asked again with a condition', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    addTags(hub, 'org/app')
    const at = '/v2/org/app/tags/list'
    assert.equal((await list(cache, at)).headers['x-cache'], 'miss')
    clock.advance(59_000)
    assert.equal((await list(cache, at)).headers['x-cache'], 'hit')
    clock.advance(2000)
    assert.notEqual((await list(cache, at)).headers['x-cache'], 'hit')
    addTags(hub, 'org/app', ['z'])
    clock.advance(61_000)
    assert.deepEqual((await list(cache, at)).tags, [...LETTERS, 'z'])
  })

  test('is the cached one, with a warning, while the upstream is away', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    addTags(hub, 'org/app')
    const at = '/v2/org/app/tags/list'
    await list(cache, at)
    await hub.stop()
    clock.advance(61_000)
    const page = await list(cache, at)
    assert.deepEqual(page.tags, LETTERS)
    assert.equal(page.headers['x-cache'], 'stale')
    assert.match(String(page.headers['warning']), /^299 - "served stale: .+"$/)
  })

  test('is made of the tags that are cached where the list itself is not', async (t) => {
    const { hub, cache } = await startPair(t)
    addTags(hub, 'org/app')
    for (const tag of ['c', 'a', 'e']) await cache.fetch(`/v2/org/app/manifests/${tag}`)
    await hub.stop()
    const page = await list(cache, '/v2/org/app/tags/list?n=2')
    assert.deepEqual(page.tags, ['a', 'c'])
    assert.match(String(page.headers['warning']), /cached/)
    assert.deepEqual(await crawl(cache, '/v2/org/app/tags/list?n=2'), ['a', 'c', 'e'])
    assert.equal(verdict(await cache.fetch('/v2/org/never/tags/list')), '503 UNAVAILABLE')
  })
})
