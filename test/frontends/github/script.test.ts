import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type GithubLab, startGithubLab } from '../../support/fake-github-lab.ts'

const SCRIPT = '#!/bin/sh\ncurl -fsSL https://github.com/o/r/releases/download/v1/x | tar xz\necho \xff done'
const RAW = '/https://raw.githubusercontent.com/o/r/main'

async function start(t: TestContext, options: Parameters<typeof startGithubLab>[1] = {}): Promise<GithubLab> {
  const lab = await startGithubLab(t, options)
  const { github } = lab
  const script = Buffer.from(SCRIPT, 'latin1')
  for (const name of ['get.sh', 'tool', 'install', 'x.PS1']) github.raw(`o/r/main/${name}`, script)
  github.raw('o/r/main/README', 'see https://github.com/o/r/raw/main/get.sh')
  github.raw('o/r/main/install.exe', Buffer.concat([Buffer.from([0, 1, 2]), script]))
  github.raw('o/r/main/big.sh', Buffer.concat([script, Buffer.alloc(4 << 20, '\n')]))
  github.raw('o/r/main/empty.sh', '')
  return lab
}

const rewritten = (lead: string): string => SCRIPT.replace('https://', `${lead}https://`)

async function textOf(lab: GithubLab, path: string): Promise<string> {
  const { status, body } = await lab.get(path)
  assert.equal(status, 200, path)
  await lab.landed()
  return body.toString('latin1')
}

test('below /sh/ scripts lead to us, and on from there', async (t) => {
  const lab = await start(t)
  for (const name of ['get.sh', 'tool', 'install', 'x.PS1'])
    for (const _ of ['cold', 'warm'])
      assert.equal(await textOf(lab, `/sh${RAW}/${name}`), rewritten(`${lab.url}/sh/`), name)
  assert.equal(await textOf(lab, '/sh/gh/o/r/blob/main/get.sh'), rewritten(`${lab.url}/sh/`))
})

test('what is no script, or too large for one, stays as it is', async (t) => {
  const lab = await start(t)
  for (const name of ['README', 'install.exe', 'big.sh', 'empty.sh']) {
    const original = await textOf(lab, `${RAW}/${name}`)
    for (const _ of ['cold', 'warm']) assert.equal(await textOf(lab, `/sh${RAW}/${name}`), original, name)
  }
})

test('the bytes of the upstream are what is kept, and have an address in any case', async (t) => {
  const usual = await start(t)
  assert.equal(await textOf(usual, `/sh${RAW}/get.sh`), rewritten(`${usual.url}/sh/`))
  assert.equal(await textOf(usual, `${RAW}/get.sh`), SCRIPT)
  assert.equal(usual.github.requests.count(), 1)
  const on = await start(t, { settings: { rewriteScripts: true } })
  assert.equal(await textOf(on, `${RAW}/get.sh`), rewritten(`${on.url}/`))
  assert.equal(await textOf(on, `${RAW}/get.sh?original=1`), SCRIPT)
  assert.equal(on.github.requests.count(), 1)
  assert.equal(on.github.requests.list()[0]?.query, '')
})

test('a rewritten answer is whole, of one client, and known by a tag of its own', async (t) => {
  const lab = await start(t)
  const original = await lab.get(`${RAW}/get.sh`)
  await lab.landed()
  const plain = await lab.get(`${RAW}/get.sh`)
  const path = `/sh${RAW}/get.sh`
  const ranged = await lab.get(path, { headers: { range: 'bytes=0-9' } })
  assert.equal(ranged.status, 200)
  assert.equal(ranged.headers['cache-control'], 'private, no-cache')
  assert.equal(ranged.headers['accept-ranges'], 'none')
  assert.equal(ranged.headers['content-length'], String(ranged.body.length))
  assert.ok(ranged.body.length > original.body.length)
  assert.notEqual(ranged.headers.etag, plain.headers.etag)
  const same = await lab.get(path, { headers: { 'if-none-match': String(ranged.headers.etag) } })
  assert.equal(same.status, 304)
  const other = await lab.get(path, { headers: { 'if-none-match': String(plain.headers.etag) } })
  assert.equal(other.status, 200)
  const elsewhere = await lab.get(path, { headers: { host: 'cache.example.com' } })
  assert.match(elsewhere.body.toString(), /http:\/\/cache\.example\.com\/sh\/https:\/\/github\.com/)
  assert.notEqual(elsewhere.headers.etag, ranged.headers.etag)
})

test('HEAD says what GET would, or nothing of a length that nobody knows yet', async (t) => {
  const lab = await start(t)
  for (const name of ['get.sh', 'tool', 'README', 'big.sh']) {
    const path = `/sh${RAW}/${name}`
    const cold = await lab.get(path, { method: 'HEAD' })
    assert.equal(cold.status, 200)
    if (name !== 'big.sh') assert.equal(cold.headers['content-length'], undefined)
    assert.equal(lab.github.requests.count({ method: 'GET', ref: `/o/r/main/${name}` }), 0)
    const got = await lab.get(path)
    await lab.landed()
    const again = await lab.get(path)
    assert.ok(again.body.equals(got.body))
    const head = await lab.get(path, { method: 'HEAD' })
    for (const field of ['content-length', 'etag', 'accept-ranges', 'cache-control', 'content-type'] as const)
      assert.equal(head.headers[field], again.headers[field], `${field} of ${name}`)
  }
})

test('what a client forwards says nothing about where we are, and public_url says all', async (t) => {
  const config = { server: { public_url: 'https://files.example.com' } }
  const lab = await start(t, { config, settings: { rewriteScripts: true } })
  const headers = { host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com' }
  const { body } = await lab.get(`${RAW}/get.sh`, { headers })
  assert.equal(body.toString('latin1'), rewritten('https://files.example.com/'))
  const plain = await start(t)
  const forwarded = await plain.get(`/sh${RAW}/get.sh`, {
    headers: { 'x-forwarded-host': 'evil.example.com' },
  })
  assert.equal(forwarded.body.toString('latin1'), rewritten(`${plain.url}/sh/`))
})

test('whoever came with a pull key goes on with it', async (t) => {
  const lab = await start(t, { config: { auth: { anonymous_pull: 'none' } } })
  const key = await lab.addKey()
  assert.equal(await textOf(lab, `/k/${key}/sh${RAW}/get.sh`), rewritten(`${lab.url}/k/${key}/sh/`))
  const other = await lab.addKey('other')
  assert.equal(await textOf(lab, `/k/${other}/sh${RAW}/get.sh`), rewritten(`${lab.url}/k/${other}/sh/`))
})
