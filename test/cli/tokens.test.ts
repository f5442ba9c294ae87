import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bcryptLine } from '../auth/support.ts'
import { eventually } from '../e2e/support.ts'
import { createLab } from './lab.ts'

interface Listed {
  readonly items: readonly { readonly user: string; readonly name: string; readonly expiresAt?: number }[]
}

void test('tokens are made, listed and taken back for any user, beside a server and without one', async (t) => {
  const lab = await createLab(t)
  const server = await lab.serve()
  const users = join(lab.data, 'htpasswd')
  writeFileSync(users, bcryptLine('alice', 'wonderland') + bcryptLine('bob', 'builder-bob'))
  const made = await lab.run('token', 'add', 'ci', '--user', 'alice', '--expires', '90d')
  assert.equal(made.code, 0, made.err)
  const [secret = ''] = made.out.split('\n')
  assert.match(secret, /^ct_[\w-]{43}$/)
  assert.match(made.err, /shown this once\. take it back with: cachalot token rm ci --user alice\n/)
  const statusOf = async () =>
    (await fetch(`${server.url}/api/v1/stats`, { headers: { authorization: `Bearer ${secret}` } })).status
  assert.equal(await statusOf(), 200)
  const again = await lab.run('token', 'add', 'ci', '--user', 'alice')
  assert.deepEqual([again.code, /there is a token "ci" of alice already/.test(again.err)], [2, true])
  await lab.ok('token', 'add', 'ci', '--user', 'bob')
  assert.deepEqual(
    (await lab.json<Listed>('token', 'ls')).items.map(({ user, name }) => `${user} ${name}`),
    ['alice ci', 'bob ci'],
  )
  const [row] = (await lab.json<Listed>('token', 'ls', '--user', 'alice')).items
  assert.ok((row?.expiresAt ?? 0) > 0)
  const removed = await lab.run('token', 'rm', 'ci', '--user', 'alice')
  assert.deepEqual([removed.code, removed.err], [0, 'ci of alice is refused from now on\n'])
  assert.equal(await statusOf(), 401)
  for (const [words, code, said] of [
    [['rm', 'ci', '--user', 'alice'], 4, /alice has no token "ci" · try: cachalot token ls/],
    [['add', 'x', '--user', 'nobody'], 4, /there is no user "nobody" · try: cachalot user ls/],
    [['add', 'x'], 2, /--user is missing: whose token is it\? · try: cachalot user ls/],
    [['rm', 'ci'], 2, /--user is missing/],
    [['add', 'x', '--user', 'bob', '--expires', 'yesterday'], 2, /--expires cannot be "yesterday"/],
  ] as const) {
    const refused = await lab.run('token', ...words)
    assert.equal(refused.code, code, words.join(' '))
    assert.match(refused.err, said)
  }
  server.child.kill()
  await server.ended
  assert.match(await lab.ok('token', 'ls'), /^bob\tci\t/)
})

void test('a user who is removed and added again on the command line has none of the old tokens', async (t) => {
  const lab = await createLab(t)
  const server = await lab.serve()
  const users = join(lab.data, 'htpasswd')
  writeFileSync(users, bcryptLine('alice', 'wonderland'))
  const [secret = ''] = (await lab.ok('token', 'add', 'ci', '--user', 'alice')).split('\n')
  await lab.ok('user', 'rm', 'alice')
  writeFileSync(users, bcryptLine('alice', 'wonderland'))
  const headers = { authorization: `Bearer ${secret}` }
  const isRefused = async () => (await fetch(`${server.url}/api/v1/stats`, { headers })).status === 401
  await eventually('the file was read again', isRefused)
  assert.equal((await lab.run('token', 'ls')).out, '')
})
