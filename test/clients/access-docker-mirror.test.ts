import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { DOCKER_HUB, daemonArguments, openDocker, takesPaths } from './access-docker-client.ts'
import {
  ASKS_KEY,
  ASKS_PASSWORD,
  failure,
  glance,
  HUB,
  headerOf,
  logins,
  openAccessLab,
} from './access-lab.ts'
import { startPrefix } from './access-prefix.ts'
import { openOrSkip } from './exercise.ts'
import { missingOrNotRoot, run } from './process.ts'

const skip = missingOrNotRoot('dockerd', 'docker', 'docker-registry')

/** After all mirrors dockerd asks Docker Hub, and tells of that alone. */
const NO_DOCKER_HUB = /^Error response from daemon: Get "https:\/\/registry-1\.docker\.io\/v2\/": /

void test('a mirror that asks for no login is told no password of Docker Hub', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'private')
  const { lab, cache } = access
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab, [cache.url]))
  if (client === undefined) return
  await client.keepLogin(DOCKER_HUB, HUB)
  const seen = await access.seen(async () => {
    assert.equal(await client.pull('hello:1'), lab.images['library/hello:1'].manifest.digest)
    // Neither where the mirror fails.
    assert.match(await failure(client.pull('hello:none')), NO_DOCKER_HUB)
  })
  assert.ok(seen.length > 5, `only ${seen.length} requests`)
  assert.deepEqual(logins(seen), { challenges: [], sent: [undefined] })
})

void test('a mirror that asks for a login is told the password of Docker Hub', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab, [cache.url, lab.hub.url]))
  if (client === undefined) return
  const { digest } = lab.images['library/hello:1'].manifest
  const pull = async () => {
    assert.equal(await client.pull('hello:1'), digest)
    await client.remove('hello:1')
  }

  await t.test('without one it goes on to the next host', async () => {
    const seen = await access.seen(pull)
    assert.deepEqual(glance(seen), ['GET /v2/ 401'])
    assert.deepEqual(logins(seen).sent, [undefined])
  })
  await t.test('with one it sends that before it goes on', async () => {
    await client.keepLogin(DOCKER_HUB, HUB)
    const seen = await access.seen(pull)
    assert.deepEqual(glance(seen), [
      'GET /v2/ 401',
      'HEAD /v2/library/hello/manifests/1 401',
      'GET /v2/library/hello/manifests/1 401',
    ])
    assert.deepEqual(logins(seen), { challenges: [ASKS_PASSWORD], sent: [undefined, headerOf(HUB)] })
  })
  await t.test('without a next host the reason stands in its log alone', async () => {
    await lab.hub.stop()
    assert.match(await failure(client.pull('hello:1')), NO_DOCKER_HUB)
    assert.match(
      client.log(),
      /Attempting next endpoint for pull after error: unauthorized: wrong user name or password"/,
    )
  })
  access.assertDiscreet()
})

void test('Docker before 25 takes no pull key in the address of a mirror', { skip }, async (t) => {
  if (await takesPaths()) return t.skip('this Docker takes one')
  await using access = await openAccessLab(t, 'none')
  const { lab, cache, keys } = access
  const flags = ['--registry-mirror', `${cache.url}/k/${await keys.add('docker')}`]
  const own = await daemonArguments(join(lab.dir, 'docker'))
  assert.match(
    await failure(run('dockerd', [...own, ...flags], { env: lab.env })),
    /for "--registry-mirror" flag: invalid mirror: path, query, or fragment at end of the URI "http:/,
  )
})

void test('with a pull key no password of Docker Hub is sent', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, cache } = access
  const key = await access.keys.add('docker')
  const keyed = `${cache.url}/k/${key}`
  await using prefix = await startPrefix(keyed)
  const mirror = (await takesPaths()) ? keyed : prefix.url
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab, [mirror, lab.hub.url]))
  if (client === undefined) return
  await client.keepLogin(DOCKER_HUB, HUB)
  const { manifest, blobs } = lab.images['library/hello:1']
  const pull = async () => {
    assert.equal(await client.pull('hello:1'), manifest.digest)
    await client.remove('hello:1')
  }

  await t.test('cold, everything comes through the cache', async () => {
    const seen = await access.seen(pull)
    assert.deepEqual(logins(seen), { challenges: [], sent: [undefined] })
    const ours = seen.filter(({ path, status }) => path.startsWith(`/k/${key}/v2/`) && status === 200)
    assert.equal(ours.length, seen.length)
    assert.equal(ours.filter(({ path }) => path.includes('/blobs/')).length, blobs.length)
  })
  await t.test('warm, nothing reaches an upstream', async () => {
    assert.deepEqual(await access.asked(pull), [])
  })
  await t.test('revoked, it goes on to the next host', async () => {
    await access.keys.revoke('docker')
    const seen = await access.seen(pull)
    assert.deepEqual([...new Set(seen.map(({ status }) => status))], [401])
    assert.deepEqual(logins(seen), { challenges: [ASKS_KEY], sent: [undefined] })
  })
  await t.test('without a next host the reason stands in its log alone', async () => {
    await lab.hub.stop()
    assert.match(await failure(client.pull('hello:1')), NO_DOCKER_HUB)
    assert.match(client.log(), /after error: unauthorized: this pull key is revoked"/)
  })
  access.assertDiscreet()
})
