import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Fetched } from '../support/http.ts'
import { GHCR_SPELLINGS, hostOf, useUpstreams } from './access-spellings.ts'
import { as, type Guarded, startGuarded } from './access-support.ts'

type Options = NonNullable<Parameters<typeof startGuarded>[1]>

const startRuled = (
  t: Parameters<typeof startGuarded>[0],
  match: readonly string[],
  options: Options = {},
): Promise<Guarded> =>
  startGuarded(t, {
    auth: { anonymous_pull: 'all' },
    rule: match.length === 0 ? [] : [{ effect: 'deny', match, users: ['anonymous'] }],
    ...options,
  })

interface Listed {
  readonly names: readonly string[]
  readonly pages: readonly Fetched[]
}

/** All pages of a list, as clients go through them. No page but the last may be empty: they would stop there. */
async function list(
  ask: Guarded['ask'],
  first: string,
  headers: Record<string, string> = {},
): Promise<Listed> {
  const pages: Fetched[] = []
  const names: string[] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const page: Fetched = await ask(next, headers)
    assert.equal(page.status, 200, `${next}: ${page.body.toString().slice(0, 200)}`)
    const { tags, repositories } = JSON.parse(page.body.toString()) as {
      tags?: string[]
      repositories?: string[]
    }
    const found = tags ?? repositories ?? assert.fail()
    next = /<([^>]+)>/.exec(String(page.headers.link ?? ''))?.[1]
    assert.ok(found.length > 0 || next === undefined, 'an empty page with a next one')
    names.push(...found)
    pages.push(page)
    assert.ok(pages.length < 400, 'it ends')
  }
  return { names, pages }
}

const said = ({ pages }: Listed): string =>
  pages.map(({ headers, body }) => `${JSON.stringify(headers)} ${body.toString()}`).join('\n')

suite('a list of tags', () => {
  const shown = ['v1', 'v2', 'v3']
  const hidden = ['secret-a', 'secret-b', 'secret-c', 'u-secret', 'v1-secret', 'v2-secret', 'z-secret']
  const match = ['docker.io/library/app:*secret*']

  test('is without those that may not be pulled, on every page', async (t) => {
    for (const pageSize of [undefined, 1, 2, 4]) {
      const { ask, hub } = await startRuled(t, match, { fake: pageSize === undefined ? {} : { pageSize } })
      hub.addImage('library/app', { tags: [...shown, ...hidden], layers: 0 })
      for (const query of ['', '?n=1', '?n=2', '?n=3', '?n=50', '?n=1000']) {
        const listed = await list(ask, `/v2/app/tags/list${query}`)
        assert.deepEqual(listed.names, shown, `${query} of pages of ${pageSize}`)
        assert.doesNotMatch(said(listed), /secret/)
        const all = await list(ask, `/v2/app/tags/list${query}`, as('bob'))
        assert.deepEqual(all.names, [...shown, ...hidden].sort())
      }
      const none = await ask('/v2/app/tags/list?n=0')
      assert.deepEqual([JSON.parse(none.body.toString()).tags, none.headers.link], [[], undefined])
    }
  })

  test('does not end where hundreds in a row may not be pulled, and asks for few pages', async (t) => {
    const { ask, hub } = await startRuled(t, match)
    const many = Array.from({ length: 700 }, (_, n) => `secret-${String(n).padStart(4, '0')}`)
    hub.addImage('library/app', { tags: ['a', ...many, 'z'], layers: 0 })
    for (const n of [1, 2, 10]) {
      hub.requests.clear()
      const listed = await list(ask, `/v2/app/tags/list?n=${n}`)
      assert.deepEqual(listed.names, ['a', 'z'])
      assert.ok(hub.requests.count() < 10, `${hub.requests.count()} requests`)
    }
  })

  test('of which nothing may be pulled is empty', async (t) => {
    const { ask, hub } = await startRuled(t, ['docker.io/library/app:*'])
    hub.addImage('library/app', { tags: [...shown, ...hidden], layers: 0 })
    for (const query of ['', '?n=2'])
      assert.deepEqual(said(await list(ask, `/v2/app/tags/list${query}`)).match(/secret|v\d"/), null)
  })

  test('is without them while the upstream is down, too', async (t) => {
    const { ask, hub } = await startRuled(t, match)
    hub.addImage('library/app', { tags: [...shown, ...hidden], layers: 0 })
    for (const tag of [...shown, ...hidden]) await ask(`/v2/app/manifests/${tag}`, as('bob'))
    hub.faults.add({ fault: { status: 403 } })
    for (const query of ['', '?n=1', '?n=2']) {
      const listed = await list(ask, `/v2/app/tags/list${query}`)
      assert.deepEqual(listed.names, shown, query)
      assert.ok(listed.pages.every(({ headers }) => headers['x-cache'] === 'stale'))
      assert.doesNotMatch(said(listed), /secret/)
    }
  })

  test('has none but those that are allowed, where only some are', async (t) => {
    const rule = [
      { effect: 'allow', match: ['docker.io/library/app:v?'] },
      { effect: 'deny', match: ['**'] },
    ]
    const { ask, hub } = await startRuled(t, [], { rule })
    hub.addImage('library/app', { tags: [...shown, ...hidden], layers: 0 })
    assert.deepEqual((await list(ask, '/v2/app/tags/list?n=1')).names, shown)
    assert.equal((await ask('/v2/other/tags/list')).status, 403)
  })
})

suite('the catalog', () => {
  test('is without repositories that may not be pulled, on every page', async (t) => {
    const { ask, hub, cache } = await startRuled(t, [
      'docker.io/corp/**',
      'ghcr.io/org/secret*',
      'docker.io/library/b',
    ])
    await useUpstreams({ hub, cache })
    const hub1 = ['library/a', 'library/b', 'library/c', 'corp/x', 'corp/y/z', 'zoo/a']
    const ghcr = ['org/app', 'org/secret', 'org/secret2', 'org/zoo']
    for (const repo of [...hub1, ...ghcr]) hub.addImage(repo, { tags: ['1'], layers: 0 })
    for (const repo of hub1) await ask(`/docker.io/v2/${repo}/manifests/1`, as('bob'))
    for (const repo of ghcr) await ask(`/ghcr.io/v2/${repo}/manifests/1`, as('bob'))
    const open = [
      'docker.io/library/a',
      'docker.io/library/c',
      'docker.io/zoo/a',
      'ghcr.io/org/app',
      'ghcr.io/org/zoo',
    ]
    const all = [...hub1.map((repo) => `docker.io/${repo}`), ...ghcr.map((repo) => `ghcr.io/${repo}`)].sort()
    hub.requests.clear()
    for (const query of ['', '?n=1', '?n=2', '?n=3', '?n=5', '?n=6', '?n=100000']) {
      const listed = await list(ask, `/v2/_catalog${query}`)
      assert.deepEqual(listed.names, open, query)
      assert.doesNotMatch(said(listed), /corp|secret|library\/b/)
      assert.deepEqual((await list(ask, `/v2/_catalog${query}`, as('bob'))).names, all)
      const one = await list(ask, `/ghcr.io/v2/_catalog${query}`)
      assert.deepEqual(one.names, ['org/app', 'org/zoo'])
      assert.doesNotMatch(said(one), /secret/)
    }
    // From a place that is hidden itself it goes on as from any other that is not there.
    for (const last of ['docker.io/corp/x', 'docker.io/corp/none'])
      assert.deepEqual((await list(ask, `/v2/_catalog?last=${last}`)).names, open)
    assert.deepEqual(hub.requests.list(), [])
  })

  test('of which nothing may be pulled is empty', async (t) => {
    const { ask, hub } = await startRuled(t, ['**'])
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    await ask('/v2/app/manifests/1', as('bob'))
    for (const query of ['', '?n=1']) {
      const listed = await list(ask, `/v2/_catalog${query}`)
      assert.deepEqual([listed.names, listed.pages.length], [[], 1])
    }
    assert.deepEqual((await list(ask, '/v2/_catalog', as('bob'))).names, ['docker.io/library/app'])
  })
})

suite('referrers', () => {
  test('are without those that may not be pulled', async (t) => {
    for (const fake of [{}, { pageSize: 1 }, { referrers: false }]) {
      const { ask, hub, cache } = await startRuled(t, [], { fake })
      const { manifest } = hub.addImage('library/app', { tags: ['1'], layers: 0 })
      const note = { secret: 'CANARY' }
      const subject = { subject: manifest.digest }
      const open = hub.addReferrer('library/app', { ...subject, artifactType: 'application/sbom' })
      const secret = hub.addReferrer('library/app', {
        ...subject,
        artifactType: 'application/sbom',
        annotations: note,
      })
      await cache.reload({
        config: {
          rule: [
            {
              effect: 'deny',
              match: [`docker.io/library/app@${secret.manifest.digest}`],
              users: ['anonymous'],
            },
          ],
        },
      })
      for (const query of ['', '?artifactType=application/sbom']) {
        const path = `/v2/app/referrers/${manifest.digest}${query}`
        const digestsIn = ({ body }: Fetched) =>
          (JSON.parse(body.toString()) as { manifests: { digest: string }[] }).manifests.map(
            ({ digest }) => digest,
          )
        const answer = await ask(path)
        assert.deepEqual(digestsIn(answer), [open.manifest.digest])
        assert.doesNotMatch(answer.body.toString(), /CANARY/)
        assert.equal(digestsIn(await ask(path, as('bob'))).length, 2)
        assert.deepEqual(digestsIn(await ask(path)), [open.manifest.digest])
      }
    }
  })

  test('of what may not be pulled are refused', async (t) => {
    const { ask, hub, cache } = await startRuled(t, ['ghcr.io/org/app'])
    await useUpstreams({ hub, cache })
    const { manifest } = hub.addImage('org/app', { tags: ['1'], layers: 0 })
    for (const spelling of GHCR_SPELLINGS)
      assert.equal((await ask(spelling.path(`referrers/${manifest.digest}`), hostOf(spelling))).status, 403)
    assert.deepEqual(hub.requests.list(), [])
  })
})
