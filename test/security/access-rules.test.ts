import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addBlob, assertWhole, blobPath, MIB, manifestPath } from '../e2e/support.ts'
import { GHCR_SPELLINGS, HUB_SPELLINGS, hostOf, type Spelling, useUpstreams } from './access-spellings.ts'
import {
  addKey,
  as,
  errorIn,
  from,
  type Guarded,
  HOME,
  kept,
  pullWith,
  shapeOf,
  startGuarded,
  statuses,
} from './access-support.ts'

type Options = NonNullable<Parameters<typeof startGuarded>[1]>
type Rule = NonNullable<Options['rule']>[number]

const deny = (match: string | string[], more: Rule = {}): Rule => ({
  effect: 'deny',
  match: [match].flat(),
  ...more,
})
const allow = (match: string | string[], more: Rule = {}): Rule => ({
  effect: 'allow',
  match: [match].flat(),
  ...more,
})

/** Anybody may pull as far as the rules let them. */
const startRuled = (
  t: Parameters<typeof startGuarded>[0],
  rule: readonly Rule[],
  options: Options = {},
): Promise<Guarded> => startGuarded(t, { auth: { anonymous_pull: 'all' }, rule, ...options })

async function statusOf(
  ask: Guarded['ask'],
  repo: string,
  headers: Record<string, string> = {},
  reference = '1',
): Promise<number> {
  return (await ask(manifestPath(reference, repo), headers)).status
}

suite('rules', () => {
  test('are gone through in order, and the first that matches decides', async (t) => {
    const rule = [
      allow('docker.io/evil/good'),
      deny('docker.io/evil/**'),
      allow('docker.io/team/**', { users: ['bob', 'key:ci'] }),
      deny('docker.io/team/**', { users: ['carol'] }),
      deny('docker.io/team/open', { users: ['bob'] }),
      deny('docker.io/team/*', { users: ['anonymous'] }),
      deny('docker.io/library/app:0.*'),
    ]
    const { ask, hub, cache } = await startRuled(t, rule)
    const repos = [
      'evil/good',
      'evil/bad',
      'evil/a/b',
      'evil',
      'evilness/x',
      'team/open',
      'team/a/b',
      'library/app',
    ]
    for (const repo of repos)
      hub.addImage(repo === 'evil' ? 'library/evil' : repo, { tags: ['1', '0.9'], layers: 0 })
    hub.addImage('evil', { tags: ['1'], layers: 0 })
    const key = await addKey(cache, 'ci')
    const nobody: Record<string, number> = {
      'evil/good': 200,
      'evil/bad': 403,
      'evil/a/b': 403,
      'evilness/x': 200,
      'team/open': 403,
      'team/a/b': 200,
    }
    for (const [repo, status] of Object.entries(nobody)) assert.equal(await statusOf(ask, repo), status, repo)
    const team: Record<string, number> = { bob: 200, alice: 200, carol: 403 }
    for (const [name, status] of Object.entries(team))
      assert.equal(await statusOf(ask, 'team/open', as(name)), status, name)
    assert.equal((await ask(`/k/${key}${manifestPath('1', 'team/open')}`)).status, 200)
    assert.equal(await statusOf(ask, 'evil/bad', as('alice')), 403, 'an admin too: rules are about pulls')
    assert.deepEqual([await statusOf(ask, 'app', {}, '0.9'), await statusOf(ask, 'app', {}, '1')], [403, 200])
  })

  test('name their users exactly', async (t) => {
    const rule = [
      deny('docker.io/library/a', { users: ['anonymous'] }),
      deny('docker.io/library/b', { users: ['bob'] }),
      deny('docker.io/library/c', { users: ['key:bob'] }),
      deny('docker.io/library/d'),
      deny('docker.io/library/e', { users: ['Bob', 'bo', 'local'] }),
    ]
    const { ask, hub, cache } = await startRuled(t, rule)
    for (const repo of 'abcde') hub.addImage(`library/${repo}`, { tags: ['1'], layers: 0 })
    const key = await addKey(cache, 'bob')
    const who: readonly [Record<string, string>, string, string][] = [
      [{}, '', 'ad'],
      [from(HOME), '', 'ad'],
      [as('bob'), '', 'bd'],
      [as('carol'), '', 'd'],
      // A wrong password is nobody's.
      [as('bob', 'wrong'), '', 'ad'],
      [as('anonymous'), '', 'ad'],
      [{}, `/k/${key}`, 'cd'],
    ]
    for (const [headers, base, denied] of who) {
      for (const repo of 'abcde') {
        const { status } = await ask(`${base}${manifestPath('1', repo)}`, headers)
        assert.equal(status, denied.includes(repo) ? 403 : 200, `${JSON.stringify(headers)}${base} ${repo}`)
      }
    }
  })

  test('reach an image however it is spelled, in them and in the request', async (t) => {
    const patterns = [
      'docker.io/library/app',
      'docker.io/app',
      'hub/app',
      'index.docker.io/library/app',
      'Docker.IO/Library/APP',
      'docker.io/*/app',
      '*/library/app',
      '**/app',
      'docker.io/**',
      '**',
      'docker.io/library/app/**',
    ]
    const others = ['ghcr.io/org/app', 'ghcr/org/app', 'GHCR/org/*', 'ghcr.io/**', '*/org/app']
    const { ask, hub, cache } = await startRuled(t, [])
    await useUpstreams({ cache, hub })
    const cases: readonly [readonly string[], readonly Spelling[], string][] = [
      [patterns, HUB_SPELLINGS, 'docker.io/library/app'],
      [others, GHCR_SPELLINGS, 'ghcr.io/org/app'],
    ]
    for (const [matches, spellings, name] of cases) {
      for (const match of matches) {
        await cache.reload({ config: { rule: [deny(match)] } })
        for (const spelling of spellings) {
          for (const end of ['manifests/1', 'tags/list']) {
            const answer = await ask(spelling.path(end), hostOf(spelling))
            assert.equal(answer.status, 403, `${match}: ${spelling.path(end)} ${spelling.host ?? ''}`)
            const { code, message } = errorIn(answer)
            const title = end === 'tags/list' ? name : `${name}:1`
            assert.deepEqual([code, message], ['DENIED', `rule 1 forbids anonymous to pull ${title}`])
          }
        }
      }
    }
    assert.deepEqual(hub.requests.list(), [])
  })

  /** Promise 8 */
  test('give the same answer whether the thing is here, elsewhere, or nowhere', async (t) => {
    const { ask, hub, cache } = await startRuled(t, [])
    const secret = hub.addImage('corp/secret', { tags: ['1'] })
    const gone = hub.addImage('corp/gone', { tags: ['1'] })
    await pullWith(ask, secret, { repo: 'corp/secret', tag: '1' })
    await ask('/v2/corp/secret/tags/list')
    await cache.reload({ config: { rule: [deny('docker.io/corp/**')] } })
    hub.requests.clear()
    const before = await kept(cache)
    const endsOf = ({ manifest, config }: typeof secret) => [
      'manifests/1',
      `manifests/${manifest.digest}`,
      `blobs/${config.digest}`,
      'tags/list',
      `referrers/${manifest.digest}`,
    ]
    const [here, nowhere] = [endsOf(secret), endsOf(gone)]
    const extras = [
      {},
      { range: 'bytes=0-1' },
      { 'if-none-match': `"${secret.manifest.digest}"` },
      { 'if-none-match': '*' },
      { accept: 'text/html' },
    ]
    for (const [at, end] of here.entries()) {
      for (const method of ['GET', 'HEAD']) {
        for (const extra of extras) {
          const known = await ask(`/v2/corp/secret/${end}`, extra, method)
          const unknown = await ask(`/v2/corp/gone42/${nowhere[at] ?? ''}`, extra, method)
          const neutral = JSON.stringify(shapeOf(known))
            .replaceAll('corp/secret', 'corp/gone42')
            .replaceAll(secret.manifest.digest, gone.manifest.digest)
            .replaceAll(secret.config.digest, gone.config.digest)
          assert.equal(known.status, 403)
          assert.equal(JSON.stringify(shapeOf(unknown)), neutral, `${method} ${end}`)
          if (method === 'GET')
            assert.match(errorIn(known).message, /^rule 1 forbids anonymous to pull docker\.io\/corp\/secret/)
        }
      }
    }
    assert.deepEqual(hub.requests.list(), [])
    assert.equal(await kept(cache), before)
  })

  test('count from the moment of a reload', async (t) => {
    const { ask, hub, cache } = await startRuled(t, [])
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    const steps: readonly [readonly Rule[], number][] = [
      [[], 200],
      [[deny('docker.io/library/app')], 403],
      [[allow('docker.io/app'), deny('**')], 200],
      [[deny('**')], 403],
      [[], 200],
    ]
    for (const [rule, status] of steps) {
      await cache.reload({ config: { rule } })
      assert.equal(await statusOf(ask, 'app'), status)
    }
  })

  /** SEC-11, SEC-16 */
  test('keep a blob from who names it through another repository, unless that one has it too', async (t) => {
    const { ask, hub } = await startRuled(t, [deny('docker.io/corp/**', { users: ['anonymous'] })])
    const secret = hub.addImage('corp/secret', { tags: ['1'], layers: 1 })
    hub.addImage('library/open', { tags: ['1'], layers: 0 })
    const shared = hub.putImage('library/shared', secret, ['1'])
    assert.deepEqual(
      statuses(await pullWith(ask, secret, { repo: 'corp/secret', tag: '1', headers: as('bob') })),
      [200],
    )
    const digests = [secret.config.digest, ...secret.layers.map(({ digest }) => digest)]
    for (const method of ['HEAD', 'GET', 'HEAD']) {
      for (const digest of digests) {
        assert.equal((await ask(blobPath(digest, 'corp/secret'), {}, method)).status, 403)
        assert.equal((await ask(blobPath(digest, 'open'), {}, method)).status, 404)
        assert.equal((await ask(blobPath(digest, 'nowhere'), {}, method)).status, 404)
      }
      assert.equal((await ask(manifestPath(secret.manifest.digest, 'open'), {}, method)).status, 404)
    }
    const referrers = await ask(`/v2/open/referrers/${secret.manifest.digest}`)
    assert.deepEqual(JSON.parse(referrers.body.toString()).manifests, [])
    hub.requests.clear()
    for (const digest of digests) {
      const { status, headers } = await ask(blobPath(digest, 'shared'))
      assert.deepEqual([status, headers['x-cache']], [200, 'revalidated'])
      assert.equal(hub.requests.count({ method: 'HEAD', repo: 'library/shared', ref: digest }), 1)
      assert.equal((await ask(blobPath(digest, 'corp/secret'))).status, 403)
    }
    assert.equal(
      (await ask(manifestPath(shared.manifest.digest, 'shared'))).headers['x-cache'],
      'revalidated',
    )
    assert.equal(hub.requests.count({ method: 'GET' }), 0)
  })

  test('keep it from them also while it is on its way in', async (t) => {
    const rule = [deny('docker.io/corp/**', { users: ['anonymous'] })]
    const { ask, hub, cache } = await startRuled(t, rule)
    const blob = addBlob(hub, 4 * MIB, 'corp/secret')
    hub.putBlob('library/shared', blob.digest, blob.content)
    hub.addImage('library/open', { tags: ['1'], layers: 0 })
    hub.bandwidth = 8 * MIB
    const owner = await cache.open(blobPath(blob.digest, 'corp/secret'), { headers: as('bob') })
    await owner.read(1)
    for (const method of ['GET', 'HEAD']) {
      assert.equal((await ask(blobPath(blob.digest, 'corp/secret'), {}, method)).status, 403)
      assert.equal((await ask(blobPath(blob.digest, 'open'), {}, method)).status, 404)
    }
    assertWhole(await ask(blobPath(blob.digest, 'shared')), blob)
    assert.equal((await owner.rest()).complete, true)
    assert.equal(hub.requests.count({ method: 'GET', ref: blob.digest }), 1)
    assert.equal(hub.requests.count({ method: 'HEAD', repo: 'library/open', ref: blob.digest }), 1)
  })

  test('that deny a digest keep it from who comes by a tag', async (t) => {
    const { ask, hub, cache } = await startRuled(t, [])
    const bad = hub.addImage('library/app', { tags: ['1', 'good'], layers: 0 })
    const good = hub.addImage('library/app', { tags: ['good'], layers: 0 })
    const rule = [deny(`docker.io/library/app@${bad.manifest.digest}`)]
    for (const round of ['cold', 'warm']) {
      await cache.reload({ config: { rule } })
      for (const method of ['GET', 'HEAD']) {
        for (const reference of ['1', bad.manifest.digest])
          assert.equal(
            (await ask(manifestPath(reference), {}, method)).status,
            403,
            `${method} ${reference} ${round}`,
          )
        for (const reference of ['good', good.manifest.digest])
          assert.equal(
            (await ask(manifestPath(reference), {}, method)).status,
            200,
            `${method} ${reference} ${round}`,
          )
      }
      await cache.reload({ config: { rule: [] } })
      assert.equal((await ask(manifestPath('1'))).status, 200)
    }
  })
})
