import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import {
  failure,
  glance,
  headerOf,
  KEEPER,
  type Login,
  logins,
  openAccessLab,
  PULLER,
  WRONG,
} from './access-lab.ts'
import type { Lab } from './lab.ts'
import { missing, run } from './process.ts'

const skip = missing('skopeo', 'docker-registry')

/** skopeo with its logins below the lab. */
function openSkopeo({ dir, env }: Lab) {
  const skopeo = async (args: readonly string[], input?: string): Promise<string> => {
    const options = { env, ...(input === undefined ? {} : { input: Buffer.from(input) }) }
    return (await run('skopeo', ['--insecure-policy', ...args], options)).toString().trim()
  }
  let copies = 0
  return {
    login: (host: string, { name, password }: Login) =>
      skopeo(['login', '--tls-verify=false', '-u', name, '--password-stdin', host], password),
    copy: async (reference: string) => {
      const folder = join(dir, `copy-${copies++}`)
      await skopeo(['copy', '--all', '--src-tls-verify=false', `docker://${reference}`, `dir:${folder}`])
      return digestOf(await readFile(join(folder, 'manifest.json')))
    },
    inspect: (reference: string, ...flags: string[]) =>
      skopeo(['inspect', ...flags, '--tls-verify=false', `docker://${reference}`]),
    tags: (repository: string) => skopeo(['list-tags', '--tls-verify=false', `docker://${repository}`]),
    remove: (reference: string) => skopeo(['delete', '--tls-verify=false', `docker://${reference}`]),
  }
}

/** The words of a refused deletion are the whole body of our answer. */
function notDeleted(why: string, status: string): RegExp {
  return new RegExp(`Failed to delete [^:]*:.*\\\\"message\\\\":\\\\"${why}\\\\".*\\(${status}\\)"$`)
}

void test('skopeo logs in, copies, and evicts as an operator', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'none')
  const { lab, host } = access
  const client = openSkopeo(lab)
  const reference = `${host}/library/hello:1`
  const { digest } = lab.images['library/hello:1'].manifest

  await t.test('without a login every command says what is missing', async () => {
    const required = /: unauthorized: login required"$/
    assert.match(await failure(client.copy(reference)), required)
    assert.match(await failure(client.inspect(reference)), required)
    assert.match(
      await failure(client.tags(`${host}/library/hello`)),
      /Error listing repository tags: .*invalid username\/password: unauthorized: login required"$/,
    )
    assert.match(await failure(client.remove(reference)), notDeleted('login required', '401 Unauthorized'))
  })
  await t.test('with a wrong password too', async () => {
    assert.match(
      await failure(client.login(host, WRONG)),
      /logging into \\"[\d.:]+\\": invalid username\/password"$/,
    )
    const inspected = client.inspect(reference, '--creds', `${WRONG.name}:${WRONG.password}`)
    assert.match(await failure(inspected), /: unauthorized: wrong user name or password"$/)
  })
  await t.test('a user copies and inspects, and may evict nothing', async () => {
    assert.match(await client.login(host, PULLER), /^Login Succeeded!$/m)
    assert.equal(await client.copy(reference), digest)
    assert.match(await client.inspect(reference), new RegExp(`"Digest": "${digest}"`))
    assert.match(await client.tags(`${host}/library/hello`), /"Tags": \[\s+"1"\s+\]/)
    assert.match(
      await failure(client.remove(reference)),
      notDeleted('this takes the role of an operator', '403 Forbidden'),
    )
    assert.deepEqual(await access.asked(() => client.copy(reference)), [])
  })
  await t.test('nor may a pull key', async () => {
    const keyed = `${host}/k/${await access.keys.add('skopeo')}/library/hello:1`
    assert.equal(await client.copy(keyed), digest)
    assert.match(
      await failure(client.remove(keyed)),
      notDeleted('this takes the role of an operator', '403 Forbidden'),
    )
  })
  await t.test('an operator evicts, and the tag is gone', async () => {
    await client.login(host, KEEPER)
    const seen = await access.seen(() => client.remove(reference))
    assert.deepEqual(glance(seen), [
      'GET /v2/ 401',
      'GET /v2/library/hello/manifests/1 200',
      `DELETE /v2/library/hello/manifests/${digest} 202`,
    ])
    await lab.stopUpstreams()
    assert.match(await failure(client.inspect(reference, '--raw')), /: 503 Service Unavailable"$/)
    await lab.startUpstreams()
  })
  access.assertDiscreet()
})

void test('where anybody may pull, skopeo never sends the login that evicting takes', { skip }, async (t) => {
  await using access = await openAccessLab(t, 'private')
  const { lab, host, cache } = access
  const client = openSkopeo(lab)
  const reference = `${host}/library/hello:1`
  const path = `/v2/library/hello/manifests/${lab.images['library/hello:1'].manifest.digest}`
  const seen = await access.seen(async () => {
    assert.match(await client.login(host, WRONG), /^Login Succeeded!$/m)
    await client.login(host, KEEPER)
    assert.match(await failure(client.remove(reference)), notDeleted('login required', '401 Unauthorized'))
  })
  assert.deepEqual(logins(seen).sent, [undefined])

  await t.test('another client that sends it evicts', async () => {
    const evict = (login: Login) =>
      cache.fetch(path, { method: 'DELETE', headers: { authorization: headerOf(login) } })
    assert.equal((await evict(WRONG)).status, 401)
    assert.equal((await evict(PULLER)).status, 403)
    assert.equal((await evict(KEEPER)).status, 202)
  })
})
