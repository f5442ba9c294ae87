import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openContainerd } from './access-containerd-client.ts'
import {
  ASKS_KEY,
  ASKS_PASSWORD,
  failure,
  glance,
  headerOf,
  logins,
  openAccessLab,
  PULLER,
  WRONG,
} from './access-lab.ts'
import { openOrSkip } from './exercise.ts'
import { missingOrNotRoot } from './process.ts'

const skip = missingOrNotRoot('containerd', 'ctr', 'docker-registry')

const NAME = 'ghcr.io/org/app:1'
/** It tells the status of the last host, and nothing of what that host said. */
const REFUSED =
  /^ctr: failed to resolve reference "[^"]+": .* with status code \[manifests 1\]: 401 Unauthorized$/m

void test('containerd logs in by a header of hosts.toml', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  await using client = await openOrSkip(t, 'containerd', () => openContainerd(lab))
  if (client === undefined) return
  const { manifest, blobs } = lab.images['org/app:1']
  const pull = async (...flags: string[]) => {
    assert.equal(await client.pull(NAME, ...flags), manifest.digest)
    await client.remove(NAME)
  }
  const nobody = { url: cache.url }
  const next = { url: lab.ghcr.url }

  for (const login of [undefined, WRONG]) {
    await t.test(
      `with ${login === undefined ? 'no' : 'a wrong'} password it is refused, or goes on to the next host`,
      async () => {
        const authorization = login === undefined ? undefined : headerOf(login)
        const host = authorization === undefined ? nobody : { ...nobody, authorization }
        await client.hosts(host)
        assert.match(await failure(client.pull(NAME)), REFUSED)
        await client.hosts(host, next)
        const seen = await access.seen(pull)
        assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([401]))
        assert.deepEqual(logins(seen), { challenges: [ASKS_PASSWORD], sent: [authorization] })
      },
    )
  }

  await t.test('with the right one it sends that unasked, cold and warm', async () => {
    await client.hosts({ url: cache.url, authorization: headerOf(PULLER) })
    const seen = await access.seen(pull)
    assert.deepEqual(logins(seen), { challenges: [], sent: [headerOf(PULLER)] })
    assert.equal(seen.length, 2 + blobs.length)
    assert.deepEqual(await access.asked(pull), [])
  })

  await t.test('with a login of its command line it sends that when it is asked', async () => {
    await client.hosts(nobody)
    const user = ['--user', `${PULLER.name}:${PULLER.password}`]
    const seen = await access.seen(() => pull(...user))
    assert.deepEqual(logins(seen), { challenges: [ASKS_PASSWORD], sent: [undefined, headerOf(PULLER)] })
    assert.match(await failure(client.pull(NAME, '--user', `${WRONG.name}:${WRONG.password}`)), REFUSED)
  })
  access.assertDiscreet()
})

void test('containerd pulls with a pull key in the address of a host', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  await using client = await openOrSkip(t, 'containerd', () => openContainerd(lab))
  if (client === undefined) return
  const { manifest, blobs } = lab.images['org/app:1']
  const pull = async () => {
    assert.equal(await client.pull(NAME), manifest.digest)
    await client.remove(NAME)
  }
  const key = await access.keys.add('containerd')
  const shapes = [
    { front: `/k/${key}`, sent: `/k/${key}/v2/org/app` },
    { front: `/k/${key}/ghcr.io`, sent: `/k/${key}/ghcr.io/v2/org/app` },
    { front: `/v2/k/${key}`, overridePath: true, sent: `/v2/k/${key}/org/app` },
    { front: `/v2/k/${key}/ghcr.io`, overridePath: true, sent: `/v2/k/${key}/ghcr.io/org/app` },
  ].map((shape) => ({ ...shape, url: cache.url + shape.front, name: shape.front.replace(key, '<key>') }))

  const [first = assert.fail()] = shapes
  await t.test('cold, everything comes through the cache', async () => {
    await client.hosts(first)
    const asked = await access.asked(pull)
    assert.equal(asked.filter(({ path }) => path.includes('/blobs/')).length, blobs.length)
  })
  for (const shape of shapes) {
    await t.test(`warm, ${shape.name}`, async () => {
      await client.hosts(shape)
      const seen = await access.seen(async () => assert.deepEqual(await access.asked(pull), []))
      assert.equal(glance(seen)[0], `HEAD ${shape.sent}/manifests/1?ns=ghcr.io 200`)
      assert.deepEqual(logins(seen), { challenges: [], sent: [undefined] })
    })
  }
  await access.keys.revoke('containerd')
  for (const shape of shapes) {
    await t.test(`revoked, ${shape.name}: refused, or on to the next host`, async () => {
      await client.hosts(shape)
      assert.match(await failure(client.pull(NAME)), REFUSED)
      await client.hosts(shape, { url: lab.ghcr.url })
      const seen = await access.seen(pull)
      assert.ok(seen.length > 0)
      assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([401]))
      assert.deepEqual(logins(seen), { challenges: [ASKS_KEY], sent: [undefined] })
    })
  }
  access.assertDiscreet()
})
