import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { suite, test } from 'node:test'
import type { Context } from 'koa'
import type { Page, RepositoryRow, Stats } from '../../src/api/contract.ts'
import type { Live, Overview, RequestRow } from '../../src/api/contract-activity.ts'
import type { TreeNode } from '../../src/api/contract-contents.ts'
import { shownPage } from '../../src/api/shown.ts'
import { remember } from '../../src/api/visitor.ts'
import { createGrant } from '../../src/policy/access.ts'
import { createPolicy } from '../../src/policy/policy.ts'
import { manifestPath } from '../e2e/support.ts'
import { pullImage } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { get, listen } from './live-support.ts'

const NAME = 'docker.io/library/app'

/** Two tags of a repository, of which bob may know one; what shares content with it; and a repository beside it. */
async function withHiddenTag(t: Parameters<typeof startGuarded>[0]) {
  const scene = await startGuarded(t, {
    auth: { anonymous_pull: 'all' },
    rule: [{ effect: 'deny', match: [`${NAME}:secret*`], users: ['bob'] }],
  })
  const { hub, cache } = scene
  const shown = hub.addImage('library/app', { tags: ['1'], layers: [50_000] })
  const secret = hub.addImage('library/app', { tags: ['secret-2'], layers: [900_000] })
  const beside = hub.addImage('library/beside', { tags: ['1'], layers: [10_000, ...secret.layers] })
  await pullImage(cache, shown, { repo: 'library/app', tag: '1' })
  for (let n = 0; n < 3; n++) await pullImage(cache, secret, { repo: 'library/app', tag: 'secret-2' })
  await pullImage(cache, beside, { repo: 'library/beside', tag: '1' })
  return { ...scene, secret }
}

suite('tags that rules hide', () => {
  test('are in no number that users are told', async (t) => {
    const { cache } = await withHiddenTag(t)
    const rowOf = async (who: string, wanted = NAME): Promise<RepositoryRow> => {
      const { items } = await get<Page<RepositoryRow>>(cache, '/repositories', as(who))
      return items.find(({ name }) => name === wanted) ?? assert.fail()
    }
    const [bobs, carols] = [await rowOf('bob'), await rowOf('carol')]
    assert.deepEqual([bobs.tags, bobs.images, carols.tags, carols.images], [1, 1, 2, 2])
    assert.ok(bobs.total > 50_000 && bobs.total < 200_000, String(bobs.total))
    assert.ok(carols.total > 900_000)
    assert.equal(bobs.shared, bobs.total - bobs.onlyHere)
    assert.ok(bobs.pulls < carols.pulls)
    assert.deepEqual(bobs.pulls30d, [])

    const tree = async (who: string, path: string) =>
      (await get<{ items: TreeNode[] }>(cache, `/tree${path}`, as(who))).items
    const [root] = await tree('bob', '')
    const leaf = (await tree('bob', '?path=docker.io/library')).find(({ path }) => path === NAME)
    assert.deepEqual([root?.tags, leaf?.tags, leaf?.total, leaf?.pulls], [2, 1, bobs.total, bobs.pulls])
    assert.equal(root?.total, bobs.total + (await rowOf('bob', 'docker.io/library/beside')).total)
    assert.equal((await tree('carol', ''))[0]?.tags, 3)

    const overview = await get<Overview>(cache, '/overview', as('bob'))
    assert.equal(overview.images, 2)
    assert.equal(overview.biggest.find(({ name }) => name === NAME)?.onlyHere, bobs.onlyHere)
    assert.equal((await get<Overview>(cache, '/overview', as('carol'))).images, 3)
    const usage = async (who: string, name: string) =>
      await get<{ total: number }>(cache, `/repositories/usage?name=library/${name}`, as(who))
    for (const name of ['app', 'beside'])
      assert.deepEqual([(await usage('carol', name)).total, (await usage('bob', name)).total], [1, 0], name)
    const stats = await get<Stats>(cache, '/stats', as('bob'))
    assert.deepEqual([stats.tags, stats.repositories, stats.disk.blobs], [0, 0, 0])
    assert.ok((await get<Stats>(cache, '/stats', as('carol'))).tags === 3)
  })

  test('are not named where their digest or what happened is shown', async (t) => {
    const { cache, secret } = await withHiddenTag(t)
    const digest = encodeURIComponent(`library/app@${secret.manifest.digest}`)
    for (const path of [`/image?name=${digest}`, '/requests', '/live', '/images', '/tags?name=library/app']) {
      assert.match(JSON.stringify(await get(cache, path, as('carol'))), /secret-2/, path)
      assert.doesNotMatch(JSON.stringify(await get(cache, path, as('bob'))), /secret/, path)
    }
  })
})

suite('who pulls what from where', () => {
  test('is told to operators, and to others of themselves alone', async (t) => {
    const { hub, cache } = await startGuarded(t, { auth: { anonymous_pull: 'all' } })
    hub.addImage('library/app', { tags: ['1'] })
    await cache.fetch(manifestPath('1'), { headers: { ...as('bob'), 'user-agent': 'podman/5.6.0' } })
    await cache.fetch(manifestPath('1'), { headers: { ...as('alice'), 'user-agent': 'docker/29.1.3' } })
    await cache.fetch(manifestPath('1'), { headers: { 'user-agent': 'nerdctl/2.0.0' } })
    const list = async (who: string, query = '') =>
      (await get<{ items: RequestRow[] }>(cache, `/requests${query}`, as(who))).items.map(
        ({ who, client, agent }) => [who, client, agent?.split(' ')[0]],
      )
    const own = ['bob', '127.0.0.1', 'podman']
    const nobody = [undefined, undefined, undefined]
    assert.deepEqual(await list('bob'), [nobody, nobody, own])
    assert.deepEqual(await list('carol'), [
      [undefined, '127.0.0.1', 'nerdctl'],
      ['alice', '127.0.0.1', 'docker'],
      own,
    ])
    assert.deepEqual(await list('bob', '?q=127.0.0.1'), [own])
    assert.deepEqual(await list('bob', '?q=alice'), [])
    assert.equal((await list('carol', '?q=alice')).length, 1)

    const ear = await listen(cache, '/events?topics=live', as('bob'))
    t.after(() => ear.leave())
    for (const live of [await get<Live>(cache, '/live', as('bob')), await ear.next('live')]) {
      assert.equal(live.pulls.length, 3)
      const told = live.pulls.filter(({ who, client, agent }) => who ?? client ?? agent)
      assert.deepEqual(
        told.map(({ who, client }) => [who, client]),
        [['bob', '127.0.0.1']],
      )
    }
    const all = await get<Live>(cache, '/live', as('carol'))
    assert.ok(all.pulls.every(({ client }) => client === '127.0.0.1'))
  })
})

suite('a list of which nearly all is hidden', () => {
  test('goes on where looking for more took too long, and names nothing in between', async () => {
    const policy = createPolicy(
      [{ effect: 'deny', match: ['docker.io/hidden/**'], users: ['*'], actions: ['pull'] }],
      [{ name: 'docker.io', aliases: [] }],
    )
    const req = new IncomingMessage(new Socket())
    const access = createGrant(policy)({ kind: 'user', name: 'bob', role: 'user' })
    remember(req, { address: '', access })
    const ctx = { req } as Context // All that is looked at.
    const LAST = 250_000
    const read = async ({ limit = 1, cursor = '0' }) => {
      const from = Number(cursor.replace('hidden-', ''))
      const to = Math.min(LAST, from + limit)
      const items = Array.from({ length: to - from }, (_, i) => ({
        upstream: 'docker.io',
        repository: from + i === LAST - 1 ? 'open/last' : `hidden/${from + i}`,
      }))
      return { items, total: LAST, nextCursor: to === LAST ? undefined : `hidden-${to}` }
    }
    const first = await shownPage(ctx, { limit: 10 }, read)
    assert.deepEqual([first.items, first.total, first.totalIsLeast], [[], 0, true])
    const cursor = first.nextCursor ?? assert.fail()
    assert.doesNotMatch(cursor + Buffer.from(cursor, 'base64url').toString(), /hidden/)
    const second = await shownPage(ctx, { limit: 10, cursor }, read)
    assert.ok(second.nextCursor !== undefined)
    const third = await shownPage(ctx, { limit: 10, cursor: second.nextCursor }, read)
    assert.deepEqual(
      third.items.map(({ repository }) => repository),
      ['open/last'],
    )
    assert.deepEqual([third.total, third.totalIsLeast, third.nextCursor], [1, undefined, undefined])
    await assert.rejects(shownPage(ctx, { cursor: 'hidden-5' }, read), { code: 'bad_request' })
  })
})
