import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TreeNode } from '../../src/api/contract-contents.ts'
import { assertNoParts } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { buildLayer } from '../support/oci-image.ts'

const KIB4 = 4096

test('names are a tree whose nodes say what they hold, what is in several of them counted once', async (t) => {
  const { hub, cache } = await startPair(t)
  const base = buildLayer(10 * KIB4)
  const wide = buildLayer(100 * KIB4)
  for (const [name, layers] of [
    ['team/a/app', [base, wide]],
    ['team/a/tool', [base]],
    ['team/b', [KIB4]],
    ['team/b/deep/er', [KIB4]],
    ['library/nginx', [wide]],
  ] as const) {
    const image = hub.addImage(name, { tags: ['1'], layers })
    await pullImage(cache, image, { repo: name, tag: '1' })
  }
  await assertNoParts(cache.dataDir)
  const below = async (path?: string): Promise<readonly TreeNode[]> =>
    (await apiOf(cache).get('/tree', path === undefined ? {} : { path })).items
  const told = async (path?: string) =>
    (await below(path)).map(({ label, kind, total, onlyHere }) => [
      label,
      kind,
      total / KIB4,
      onlyHere / KIB4,
    ])

  assert.deepEqual(await told(), [['docker.io', 'upstream', 10 + 110 + 2, 122]])
  assert.deepEqual(await told('docker.io'), [
    ['library/nginx', 'repository', 102, 2],
    ['team', 'group', 8 + 110 + 2, 20],
  ])
  assert.deepEqual(await told('docker.io/team'), [
    ['a', 'group', 4 + 110, 14],
    ['b', 'group', 6, 6],
  ])
  assert.deepEqual(await told('docker.io/team/a'), [
    ['app', 'repository', 112, 2],
    ['tool', 'repository', 12, 2],
  ])
  // A repository that others lie below stands among them.
  assert.deepEqual(await told('docker.io/team/b'), [
    ['b', 'repository', 3, 3],
    ['deep/er', 'repository', 3, 3],
  ])
  assert.deepEqual(await below('docker.io/none'), [])
  const [root] = await below()
  assert.deepEqual([root?.repositories, root?.tags, root?.pinned], [5, 5, false])
  assert.deepEqual(
    (await below('docker.io')).map(({ repositories }) => repositories),
    [1, 4],
  )
})

test('the tree holds nothing of what a user may not pull, in no sum either', async (t) => {
  const { hub, cache } = await startGuarded(t, {
    auth: { anonymous_pull: 'all' },
    rule: [{ effect: 'deny', match: ['docker.io/team/secret'], users: ['bob'] }],
  })
  for (const name of ['team/open', 'team/secret']) {
    const image = hub.addImage(name, { tags: ['1'], layers: [1000] })
    await pullImage(cache, image, { repo: name, tag: '1' })
  }
  await assertNoParts(cache.dataDir)
  const ask = async (name: string, path: string) => {
    const answer = await cache.fetch(`/api/v1${path}`, { headers: as(name), lint: false })
    return { status: answer.status, text: answer.body.toString() }
  }
  const seen = await ask('bob', '/tree?path=docker.io')
  assert.doesNotMatch(seen.text, /secret/)
  // One repository is left of the group, so they are one node.
  const { items }: { items: readonly TreeNode[] } = JSON.parse(seen.text)
  assert.deepEqual(
    items.map(({ label, repositories, total }) => [label, repositories, total]),
    [['team/open', 1, 3 * KIB4]],
  )
  assert.match((await ask('carol', '/tree?path=docker.io/team')).text, /secret/)
  for (const path of ['/tags?name=team/secret', '/digests?name=team/secret', '/manifest?name=team/secret:1'])
    assert.deepEqual([(await ask('bob', path)).status, (await ask('carol', path)).status], [403, 200], path)
  assert.equal((await ask('bob', '/tags?name=team/none-at-all')).status, 200)
})
