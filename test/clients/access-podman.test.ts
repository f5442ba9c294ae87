import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ASKS_KEY,
  ASKS_PASSWORD,
  failure,
  glance,
  HUB,
  headerOf,
  logins,
  openAccessLab,
  PULLER,
  WRONG,
} from './access-lab.ts'
import { openPodman } from './access-podman-client.ts'
import { missingOrNotRoot } from './process.ts'

const skip = missingOrNotRoot('podman', 'docker-registry')

const NAME = 'docker.io/library/hello:1'
/** What podman sends where it has no login and is asked for one: an empty name and an empty password. */
const NOBODY = 'Basic Og=='

/** Each reason a mirror had stands beside that of the registry itself. */
function mirrorsFailed(why: string): RegExp {
  return new RegExp(`\\(Mirrors also failed: \\[\\S+: reading manifest 1 in \\S+: ${why}\\]\\): `)
}

void test('podman logs in to a mirror that wants it', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, host } = access
  const client = await openPodman(lab)
  const { digest } = lab.images['library/hello:1'].manifest
  const pull = async () => {
    assert.equal(await client.pull(NAME), digest)
    await client.remove(NAME)
  }
  await client.mirror(`${host}/docker.io`)

  await t.test('a wrong password and an unknown user are refused alike', async () => {
    for (const login of [WRONG, HUB]) {
      assert.match(
        await failure(client.login(host, login)),
        /^Error: logging into "[\d.:]+": invalid username\/password$/,
      )
    }
  })
  await t.test('without a login it says what is missing', async () => {
    assert.match(await failure(client.pull(NAME)), mirrorsFailed('unauthorized: login required'))
    const direct = await failure(client.pull(`${host}/library/hello:1`))
    assert.match(direct, /^Error: initializing source docker:.*: unauthorized: login required$/)
  })
  await t.test('a password that was right once is refused in our words', async () => {
    await client.keepLogins({ [host]: WRONG })
    assert.match(await failure(client.pull(NAME)), mirrorsFailed('unauthorized: wrong user name or password'))
    const direct = await failure(client.pull(`${host}/library/hello:1`))
    assert.match(direct, /^Error: initializing source docker:.*: unauthorized: wrong user name or password$/)
  })
  await t.test('refused, it goes on to the next mirror', async () => {
    await client.mirror(`${host}/docker.io`, new URL(lab.hub.url).host)
    await pull()
    await client.mirror(`${host}/docker.io`)
  })
  await t.test('with the right password it pulls, and sends that of Docker Hub to nobody', async () => {
    await client.keepLogins({ 'docker.io': HUB })
    assert.match(await client.login(host, PULLER), /^Login Succeeded!$/m)
    const seen = await access.seen(pull)
    assert.deepEqual(logins(seen), { challenges: [ASKS_PASSWORD], sent: [undefined, headerOf(PULLER)] })
    assert.deepEqual(await access.asked(pull), [])
  })
  access.assertDiscreet()
})

void test('podman pulls with a pull key in the place of a mirror', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, host } = access
  const client = await openPodman(lab)
  const { manifest, blobs } = lab.images['library/hello:1']
  const pull = async () => {
    assert.equal(await client.pull(NAME), manifest.digest)
    await client.remove(NAME)
  }
  const keyed = `${host}/k/${await access.keys.add('podman')}`
  await client.keepLogins({ 'docker.io': HUB })
  await client.mirror(`${keyed}/docker.io`)

  await t.test('cold', async () => {
    const seen = await access.seen(pull)
    // The way in is asked for without the key; what it says there costs nothing.
    assert.deepEqual(glance(seen).slice(0, 1), ['GET /v2/ 401'])
    const pulled = seen.slice(1)
    const path = keyed.replace(host, '/v2')
    assert.ok(
      pulled.every((one) => one.status === 200 && one.path.startsWith(`${path}/docker.io/library/hello/`)),
    )
    assert.equal(pulled.length, 1 + blobs.length)
    assert.deepEqual(logins(pulled), { challenges: [], sent: [NOBODY] })
  })
  await t.test('warm, with and without the registry in the path', async () => {
    assert.deepEqual(await access.asked(pull), [])
    await client.mirror(keyed)
    assert.deepEqual(await access.asked(pull), [])
    await client.mirror(`${keyed}/docker.io`)
  })
  await t.test('warm, in the name of the image', async () => {
    const name = `${keyed}/library/hello:1`
    const asked = await access.asked(async () => assert.equal(await client.pull(name), manifest.digest))
    assert.deepEqual(asked, [])
    await client.remove(name)
  })
  await t.test('revoked, it says so, and a login of the cache does not help', async () => {
    await access.keys.revoke('podman')
    await client.keepLogins({ [host]: PULLER })
    const seen = await access.seen(async () => {
      const said = await failure(client.pull(NAME))
      assert.match(said, mirrorsFailed('unauthorized: this pull key is revoked'))
    })
    assert.deepEqual(logins(seen.slice(1)).challenges, [ASKS_KEY])
  })
  await t.test('revoked, it goes on to the next mirror', async () => {
    await client.mirror(`${keyed}/docker.io`, new URL(lab.hub.url).host)
    await pull()
  })
  access.assertDiscreet()
})
