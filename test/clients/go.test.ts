import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hash } from '@node-rs/bcrypt'
import { moduleKey } from '../../src/frontends/go/wants.ts'
import { createAuthority } from '../http/certificates.ts'
import { type FakeGo, startFakeGo } from '../support/fake-go.ts'
import { type GoRun, openGoClient, otherGos } from '../support/fake-go-client.ts'
import { type GoLab, type GoLabOptions, startGoLab } from '../support/fake-go-lab.ts'
import { moduleZip } from '../support/fake-go-zip.ts'
import { tempDir } from '../support/temp.ts'
import { missing } from './process.ts'

const skip = missing('go')
const MODULE = 'example.com/Foo/Bar'

async function start(
  t: TestContext,
  options: Partial<GoLabOptions> = {},
): Promise<{ go: FakeGo; lab: GoLab }> {
  const go = await startFakeGo(t)
  go.publish({ module: MODULE, version: 'v1.0.0' })
  go.publish({ module: MODULE, version: 'v1.1.0' })
  const upstreams = [
    { name: 'proxy.test', url: go.url },
    { name: 'sum.test', url: go.sumdbUrl },
  ]
  const settings = {
    upstreams: [{ name: 'proxy.test', match: [], onError: 'stop' as const }],
    databases: [{ name: 'sum.test', upstream: 'sum.test', key: go.sumdb.key }],
    ...options.settings,
  }
  return { go, lab: await startGoLab(t, { upstreams, ...options, settings }) }
}

function succeeded({ code, out, err }: GoRun): string {
  assert.equal(code, 0, err)
  return out
}

/** What `go mod download -json` says of one module. */
interface Downloaded {
  readonly Version: string
  readonly Sum: string
  readonly GoModSum: string
  readonly Error?: string
}

function downloaded(run: GoRun): Downloaded {
  return JSON.parse(succeeded(run)) as Downloaded // as go documents it
}

test('go downloads, and we know the hashes it computes', { skip }, async (t) => {
  const { go, lab } = await start(t)
  const client = await openGoClient(t, { proxy: lab.url })
  const found = downloaded(await client.run('mod', 'download', '-json', `${MODULE}@v1.0.0`))
  const recorded = (suffix: string) => lab.parts.made.find(moduleKey(MODULE, `@v/v1.0.0.${suffix}hash`))
  assert.equal(await recorded('zip'), `${found.Sum}\n`)
  assert.equal(await recorded('mod'), `${found.GoModSum}\n`)
  const asked = go.requests.length
  const again = await openGoClient(t, { proxy: lab.url })
  assert.deepEqual(downloaded(await again.run('mod', 'download', '-json', `${MODULE}@v1.0.0`)).Sum, found.Sum)
  assert.equal(go.requests.length, asked)
})

test('go get: the latest version, a branch, a prefix; and a program is built of it', { skip }, async (t) => {
  const { go, lab } = await start(t)
  go.publish({ module: MODULE, version: 'v1.2.0-pre' })
  go.publish({ module: MODULE, version: 'v0.0.0-20260101000000-0123456789ab' }, { listed: false })
  go.branch(MODULE, 'main', 'v0.0.0-20260101000000-0123456789ab')
  const client = await openGoClient(t, { proxy: lab.url })
  const require = async () =>
    /example\.com\/Foo\/Bar (\S+)/.exec(await readFile(join(client.work, 'go.mod'), 'utf8'))?.[1]
  succeeded(await client.run('get', `${MODULE}@main`))
  assert.equal(await require(), 'v0.0.0-20260101000000-0123456789ab')
  succeeded(await client.run('get', `${MODULE}@v1.0`))
  assert.equal(await require(), 'v1.0.0')
  succeeded(await client.run('get', `${MODULE}@latest`))
  assert.equal(await require(), 'v1.1.0')
  await writeFile(
    join(client.work, 'main.go'),
    `package main\n\nimport a "${MODULE}"\n\nfunc main() { print(a.Name) }\n`,
  )
  assert.equal((await client.run('run', '.')).err, `${MODULE}@v1.1.0`)
})

test('a second machine downloads while the upstream is down', { skip }, async (t) => {
  const { go, lab } = await start(t)
  const first = await openGoClient(t, { proxy: lab.url })
  succeeded(await first.run('get', `${MODULE}@latest`))
  go.state = 'down'
  const second = await openGoClient(t, { proxy: lab.url })
  succeeded(await second.run('get', `${MODULE}@latest`))
  const unknown = await second.run('get', `${MODULE}@v1.0.0`)
  assert.notEqual(unknown.code, 0)
  assert.match(unknown.err, /502 Bad Gateway/)
})

test('what is denied shows our reason, and is not asked of the next proxy', { skip }, async (t) => {
  const next = await startFakeGo(t)
  const { lab } = await start(t, { config: { rule: [{ effect: 'deny', match: ['go:example.com/foo/**'] }] } })
  const client = await openGoClient(t, { proxy: `${lab.url},${next.url}` })
  const denied = await client.run('mod', 'download', `${MODULE}@v1.0.0`)
  assert.notEqual(denied.code, 0)
  assert.match(
    denied.err,
    /403 Forbidden\s+server response: rule 1 forbids anonymous to pull go:example\.com\/Foo\/Bar/,
  )
  assert.deepEqual(next.requests, [])
})

test('what we do not have is asked of the next proxy; so is what we cannot get, where we may send clients away', {
  skip,
}, async (t) => {
  const next = await startFakeGo(t)
  next.publish({ module: 'example.com/other', version: 'v1.0.0' })
  for (const whenUnreachable of ['error', 'direct'] as const) {
    const { go, lab } = await start(t, { settings: { whenUnreachable } })
    const client = await openGoClient(t, { proxy: `${lab.url},${next.url}` })
    succeeded(await client.run('mod', 'download', 'example.com/other@v1.0.0'))
    go.state = 'broken'
    const other = await openGoClient(t, { proxy: `${lab.url},${next.url}` })
    next.publish({ module: 'example.com/third', version: 'v1.0.0' })
    const { code, err } = await other.run('mod', 'download', 'example.com/third@v1.0.0')
    if (whenUnreachable === 'direct') assert.equal(code, 0, err)
    else assert.match(err, /502 Bad Gateway/)
  }
})

test('a zip that was tampered with reaches no client', { skip }, async (t) => {
  const { go, lab } = await start(t)
  const client = await openGoClient(t, { proxy: lab.url })
  succeeded(await client.run('mod', 'download', `${MODULE}@v1.0.0`))
  await lab.evict(moduleKey(MODULE, '@v/v1.0.0.zip'))
  const evil = moduleZip(MODULE, 'v1.0.0', { 'go.mod': `module ${MODULE}\n`, 'a.go': 'package evil\n' })
  go.answer('/example.com/!foo/!bar/@v/v1.0.0.zip', { body: evil })
  const other = await openGoClient(t, { proxy: lab.url })
  const tampered = await other.run('mod', 'download', `${MODULE}@v1.0.0`)
  assert.notEqual(tampered.code, 0)
  assert.match(tampered.err, /unexpected EOF|502 Bad Gateway/)
  const again = await other.run('mod', 'download', `${MODULE}@v1.0.0`)
  assert.match(again.err, /server response: example\.com\/Foo\/Bar@v1\.0\.0: this is not the zip that was/)
  assert.ok(lab.log.entries.some(({ fields }) => fields['event'] === 'go.hash'))
})

const others = otherGos()
test('other versions of go', {
  skip: others.size === 0 ? 'there is one go on this machine' : false,
}, async (t) => {
  for (const [version, program] of others)
    await t.test(version, async (t) => {
      const rule = [{ effect: 'deny', match: ['go:example.com/denied/**'] }]
      const { go, lab } = await start(t, { config: { rule }, settings: { verify: 'sumdb' } })
      const plain = await openGoClient(t, { proxy: go.url, program })
      const { Sum, GoModSum } = downloaded(await plain.run('mod', 'download', '-json', `${MODULE}@v1.1.0`))
      go.sumdb.add(MODULE, 'v1.1.0', `${MODULE} v1.1.0 ${Sum}\n${MODULE} v1.1.0/go.mod ${GoModSum}\n`)
      const options = { proxy: lab.url, sumdb: go.sumdb.key, program }
      const client = await openGoClient(t, options)
      succeeded(await client.run('get', `${MODULE}@latest`))
      assert.equal(downloaded(await client.run('mod', 'download', '-json', `${MODULE}@v1.1.0`)).Sum, Sum)
      const denied = await client.run('mod', 'download', 'example.com/denied/a@v1.0.0')
      assert.match(denied.err, /rule 1 forbids anonymous to pull/)
      go.state = 'down'
      const second = await openGoClient(t, options)
      succeeded(await second.run('get', `${MODULE}@latest`))
    })
})

test('go checks everything against a checksum database through us, and so do we', { skip }, async (t) => {
  const { go, lab } = await start(t, { settings: { verify: 'sumdb' } })
  const plain = await openGoClient(t, { proxy: go.url })
  const { Sum, GoModSum } = downloaded(await plain.run('mod', 'download', '-json', `${MODULE}@v1.0.0`))
  go.sumdb.add(MODULE, 'v1.0.0', `${MODULE} v1.0.0 ${Sum}\n${MODULE} v1.0.0/go.mod ${GoModSum}\n`)
  const client = await openGoClient(t, { proxy: lab.url, sumdb: go.sumdb.key })
  assert.equal(downloaded(await client.run('mod', 'download', '-json', `${MODULE}@v1.0.0`)).Sum, Sum)
  go.state = 'down'
  const second = await openGoClient(t, { proxy: lab.url, sumdb: go.sumdb.key })
  assert.equal(downloaded(await second.run('mod', 'download', '-json', `${MODULE}@v1.0.0`)).Sum, Sum)
})

test('a database that says otherwise stops go, whatever we think', { skip }, async (t) => {
  const { go, lab } = await start(t, { settings: { verify: 'off' } })
  const lines = ['v1.0.0', 'v1.0.0/go.mod'].map((version) => `${MODULE} ${version} h1:${'A'.repeat(43)}=\n`)
  go.sumdb.add(MODULE, 'v1.0.0', lines.join(''))
  const client = await openGoClient(t, { proxy: lab.url, sumdb: go.sumdb.key })
  const { code, err } = await client.run('mod', 'download', `${MODULE}@v1.0.0`)
  assert.notEqual(code, 0)
  assert.match(err, /SECURITY ERROR/)
})

test('a private module is not told to a database, and go says what to set', { skip }, async (t) => {
  const upstreams = [{ name: 'proxy.test', match: ['example.com/**'], onError: 'stop' as const }]
  const { go, lab } = await start(t, { settings: { upstreams } })
  const client = await openGoClient(t, { proxy: lab.url, sumdb: go.sumdb.key })
  const refused = await client.run('mod', 'download', `${MODULE}@v1.0.0`)
  assert.match(refused.err, /server response: .*set GONOSUMDB=example\.com/)
  const told = await openGoClient(t, {
    proxy: lab.url,
    sumdb: go.sumdb.key,
    env: { GONOSUMDB: 'example.com' },
  })
  succeeded(await told.run('mod', 'download', `${MODULE}@v1.0.0`))
  assert.deepEqual(go.asked(/lookup/), [])
})

test('with a password over TLS: in the address, and from netrc', { skip }, async (t) => {
  const authority = await createAuthority(t)
  const folder = await tempDir(t)
  await writeFile(join(folder, 'users'), `anna:${await hash('sesame', { cost: 4 })}\n`, { mode: 0o600 })
  await writeFile(join(folder, 'netrc'), 'machine 127.0.0.1 login anna password sesame\n', { mode: 0o600 })
  const auth = { htpasswd: join(folder, 'users'), anonymous_pull: 'none' }
  const { lab } = await start(t, { config: { auth }, tls: authority.sign('cache') })
  const env = { SSL_CERT_FILE: authority.caFile }
  const download = async (proxy: string, more: Record<string, string> = {}) => {
    const client = await openGoClient(t, { proxy, env: { ...env, ...more } })
    return await client.run('mod', 'download', `${MODULE}@v1.0.0`)
  }
  const nobody = await download(lab.url)
  assert.match(nobody.err, /401 Unauthorized/)
  succeeded(await download(lab.url.replace('//', '//anna:sesame@')))
  succeeded(await download(lab.url, { NETRC: join(folder, 'netrc') }))
})
