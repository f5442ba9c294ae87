import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { eventually } from '../e2e/support.ts'
import { shakeHands } from '../http/certificates.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { type Pebble, startPebble } from './acme-pebble.ts'
import { missing } from './process.ts'

const skip = missing('lego', 'pebble', 'pebble-challtestsrv')

/** Longer than lego and pebble need for one certificate on a busy machine. */
const PATIENCE = 60_000

/** lego learns from our environment whom to trust. */
function trust(t: TestContext, { caFile }: Pebble): void {
  const before = process.env['LEGO_CA_CERTIFICATES']
  process.env['LEGO_CA_CERTIFICATES'] = caFile
  t.after(() => {
    if (before === undefined) delete process.env['LEGO_CA_CERTIFICATES']
    else process.env['LEGO_CA_CERTIFICATES'] = before
  })
}

/** The certificate that the server shows, once it is one that pebble signed. */
async function shown(cache: Cachalot): Promise<{ issuer: string; names: string; serial: string }> {
  const socket = await shakeHands(cache.port)
  const { issuer, subjectaltname = '', serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return { issuer: String(issuer.CN), names: subjectaltname, serial: serialNumber }
}

async function isSigned(cache: Cachalot): Promise<boolean> {
  return (await shown(cache)).issuer.startsWith('Pebble')
}

void test('a certificate by http-01: issued, trusted, renewed under load, and kept over a restart', {
  skip,
}, async (t) => {
  const pebble = await startPebble(t)
  trust(t, pebble)
  const clock = fakeClock(Date.now())
  const acme = {
    email: 'ops@example.com',
    domains: ['cache.test', 'docker.cache.test'],
    directory: pebble.directory,
  }
  const tls = { redirect_http: `127.0.0.1:${pebble.httpPort}` }
  const { hub, cache } = await startPair(t, { clock, config: { server: { tls, acme } } })
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  assert.equal(cache.log.find(/clients get one that nobody signed/).length, 1)
  await eventually('the first certificate', () => isSigned(cache), PATIENCE)
  const first = await shown(cache)
  assert.equal(first.names, 'DNS:cache.test, DNS:docker.cache.test')

  const agent = new Agent({ servername: 'cache.test', ca: pebble.root })
  const url = `https://127.0.0.1:${cache.port}/v2/app/manifests/1`
  const got = await fetchAll(url, { agent })
  assert.deepEqual(got.body, manifest.bytes, String(got.error))

  const results: (number | string)[] = []
  let isOver = false
  const pull = async () => {
    while (!isOver) {
      const { status, error } = await fetchAll(url, { agent })
      results.push(error?.message ?? status)
    }
  }
  const pulls = Array.from({ length: 4 }, pull)
  clock.advance(61 * DAY)
  await cache.reload({ config: { log: { level: 'debug' } } })
  await eventually('the next one', async () => (await shown(cache)).serial !== first.serial, PATIENCE)
  isOver = true
  await Promise.all(pulls)
  assert.deepEqual(
    results.filter((one) => one !== 200),
    [],
  )
  assert.ok(results.length > 20, `only ${results.length} requests while it was renewed`)
  assert.equal(cache.log.find(/a certificate was obtained/).length, 2)
  assert.match(cache.log.text(), /"errand":"renew","why":"due"/)

  const second = await shown(cache)
  await cache.restart()
  assert.equal((await shown(cache)).serial, second.serial)
})

/** What lego's provider "exec" runs: tells the name server. */
function recorder({ records }: Pebble): string {
  return `#!${process.execPath}
const [what, host, value] = process.argv.slice(2)
const path = what === 'present' ? 'set-txt' : 'clear-txt'
fetch('${records}/' + path, { method: 'POST', body: JSON.stringify({ host, value }) }).then((answer) => {
  process.exitCode = answer.ok ? 0 : 1
})
`
}

void test('a certificate for every name below one, by dns-01', { skip }, async (t) => {
  const pebble = await startPebble(t)
  trust(t, pebble)
  const folder = await tempDir(t)
  const script = join(folder, 'record')
  writeFileSync(script, recorder(pebble))
  chmodSync(script, 0o700)
  // Between two records it would wait for a minute.
  const variables = `EXEC_PATH=${script}\nEXEC_SEQUENCE_INTERVAL=1\nEXEC_POLLING_INTERVAL=1\n`
  writeFileSync(join(folder, 'dns.env'), variables, { mode: 0o600 })
  const acme = {
    email: 'ops@example.com',
    domains: ['*.cache.test', 'cache.test'],
    challenge: 'dns-01',
    dns_provider: 'exec',
    dns_env_file: join(folder, 'dns.env'),
    dns_resolvers: [pebble.resolver],
    dns_check: false,
    directory: pebble.directory,
  }
  const { cache } = await startPair(t, { config: { server: { acme } } })
  await eventually('the certificate', () => isSigned(cache), PATIENCE)
  assert.equal((await shown(cache)).names, 'DNS:*.cache.test, DNS:cache.test')
})

void test('a name that is not ours fails in the words of the authority, and nothing else suffers', {
  skip,
}, async (t) => {
  const pebble = await startPebble(t)
  trust(t, pebble)
  const acme = { email: 'ops@example.com', domains: ['cache.test'], directory: pebble.directory }
  // The authority looks for the proof where nobody listens.
  const tls = { redirect_http: '127.0.0.1:0' }
  const { cache } = await startPair(t, { config: { server: { tls, acme } } })
  await eventually('a failure', () => cache.log.find(/no certificate was obtained/).length > 0, PATIENCE)
  assert.match(cache.log.text(), /lego ended with 1: .*urn:ietf:params:acme:error/)
  const { failures } = JSON.parse(readFileSync(join(cache.dataDir, 'acme/state.json'), 'utf8')) as {
    failures: number // as state.ts writes it
  }
  assert.equal(failures, 1)
  const agent = new Agent({ rejectUnauthorized: false })
  assert.equal((await fetchAll(`https://127.0.0.1:${cache.port}/healthz`, { agent })).status, 200)
})
