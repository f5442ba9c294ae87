import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import { openDocker } from './access-docker-client.ts'
import {
  ASKS_PASSWORD,
  failure,
  glance,
  HUB,
  headerOf,
  KEEPER,
  logins,
  openAccessLab,
  PULLER,
  WRONG,
} from './access-lab.ts'
import { openOrSkip } from './exercise.ts'
import { missingOrNotRoot } from './process.ts'

const skip = missingOrNotRoot('dockerd', 'docker', 'docker-registry')

const NO_PASSWORD =
  /^Error response from daemon: Head "http:\/\/[^ ]+\/hello\/manifests\/1": no basic auth credentials$/

function refused(status: string): RegExp {
  return new RegExp(
    `^Error response from daemon: login attempt to http://[\\d.:]+/v2/ failed with status: ${status}$`,
  )
}

void test('docker logs in to a cache that wants it', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, host } = access
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab, []))
  if (client === undefined) return
  const reference = `${host}/library/hello:1`
  const { digest } = lab.images['library/hello:1'].manifest
  const pull = async () => assert.equal(await client.pull(reference), digest)

  await t.test('without a login it asks for nothing but the way in', async () => {
    const seen = await access.seen(async () =>
      assert.match(await failure(client.pull(reference)), NO_PASSWORD),
    )
    assert.deepEqual(glance(seen), ['GET /v2/ 401'])
  })

  await t.test('a wrong password and an unknown user are refused alike', async () => {
    assert.match(await failure(client.login(host, WRONG)), refused('401 Unauthorized'))
    assert.match(await failure(client.login(host, HUB)), refused('401 Unauthorized'))
  })

  await t.test('a password that was right once is refused in our words', async () => {
    await client.keepLogin(host, WRONG)
    const said = await failure(client.pull(reference))
    assert.equal(said, 'Error response from daemon: unauthorized: wrong user name or password')
  })

  await t.test('with the right password it logs in and pulls, cold and warm', async () => {
    assert.match(await client.login(host, PULLER), /^Login Succeeded$/m)
    const seen = await access.seen(pull)
    assert.deepEqual(logins(seen), { challenges: [ASKS_PASSWORD], sent: [undefined, headerOf(PULLER)] })
    await client.remove(reference)
    assert.deepEqual(await access.asked(pull), [])
    await client.remove(reference)
  })

  await t.test('after a logout it is nobody again', async () => {
    await client.docker(['logout', host])
    assert.match(await failure(client.pull(reference)), NO_PASSWORD)
  })

  await t.test(
    'a pull key in the name of an image is no way in: it asks for one without the key',
    async () => {
      const keyed = `${host}/k/${await access.keys.add('docker')}/library/hello:1`
      const seen = await access.seen(async () =>
        assert.match(await failure(client.pull(keyed)), /: no basic auth credentials$/),
      )
      assert.deepEqual(glance(seen), ['GET /v2/ 401'])
    },
  )

  await t.test('who guesses has to wait, and so has whoever has the password', async () => {
    for (let i = 0; i < 5; i++) {
      const guess = client.login(host, { ...KEEPER, password: `guess ${i}` })
      assert.match(await failure(guess), refused('401 Unauthorized'))
    }
    assert.match(await failure(client.login(host, KEEPER)), refused('429 Too Many Requests'))
    access.clock.advance(SECOND)
    assert.match(await client.login(host, KEEPER), /^Login Succeeded$/m)
  })
  access.assertDiscreet()
})

void test('where anybody may pull, docker sends no password and says that it was right', {
  skip,
}, async (t) => {
  await using access = await openAccessLab(t, 'private')
  const { lab, host } = access
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab, []))
  if (client === undefined) return
  const seen = await access.seen(async () => {
    assert.match(await client.login(host, WRONG), /^Login Succeeded$/m)
    assert.equal(await client.pull(`${host}/hello:1`), lab.images['library/hello:1'].manifest.digest)
  })
  assert.deepEqual(logins(seen), { challenges: [], sent: [undefined] })
})
