import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { describe, test } from 'node:test'
import { DAY, HOUR, systemClock } from '../../src/domain/clock.ts'
import { checkCertificate } from '../../src/http/certificate.ts'
import { createSelfSigned } from '../../src/http/certificate-self.ts'
import { watchCertificate } from '../../src/http/certificate-watch.ts'
import { eventually } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { fetchAll, openStream } from '../support/http.ts'
import { createAuthority, exchange, shownBy } from './certificates.ts'
import { startSecure } from './secure.ts'

describe('a certificate that changes', () => {
  test('is taken into use without being told, and connections go on', async (t) => {
    const { authority, pair, hub, cache, url, ca } = await startSecure(t)
    const { digest } = hub.addBlob('library/app', { seed: 4, size: 3_000_000 })
    hub.bandwidth = 1_000_000
    const agent = new Agent({ keepAlive: true })
    t.after(() => agent.destroy())
    assert.equal((await fetchAll(`${url}/healthz`, { ca, agent })).status, 200)
    const running = await openStream(`${url}/v2/app/blobs/${digest}`, { ca })
    await running.read(1000)
    exchange(pair, authority.sign('second'))
    await eventually('the new certificate', async () => (await shownBy(cache.port)) === 'second')
    assert.deepEqual(await running.rest(), { complete: true, bytes: 3_000_000, digest })
    assert.equal((await fetchAll(`${url}/healthz`, { ca, agent })).status, 200)
  })

  test('is taken at once with a reload', async (t) => {
    const { authority, pair, cache, reload } = await startSecure(t)
    exchange(pair, authority.sign('second'))
    await reload({ hsts: '1d' })
    await eventually('the new certificate', async () => (await shownBy(cache.port)) === 'second', 1500)
  })

  test('costs no request under load', async (t) => {
    const { authority, pair, hub, cache, url, ca } = await startSecure(t)
    hub.addImage('library/app', { tags: ['1'] })
    const results: number[] = []
    let isOver = false
    const pull = async () => {
      while (!isOver) results.push((await fetchAll(`${url}/v2/app/manifests/1`, { ca })).status)
    }
    const pulls = Array.from({ length: 8 }, pull)
    for (const name of ['second', 'third', 'fourth']) {
      exchange(pair, authority.sign(name))
      await eventually(name, async () => (await shownBy(cache.port)) === name)
    }
    isOver = true
    await Promise.all(pulls)
    assert.ok(results.length > 100, `only ${results.length} requests`)
    assert.deepEqual(
      results.filter((status) => status !== 200),
      [],
    )
  })
})

describe('the watch over a certificate', () => {
  async function watching(t: Parameters<typeof createAuthority>[0]) {
    const authority = await createAuthority(t)
    const pair = authority.sign('first')
    const log = collectorLog()
    // Ahead of the certificates that are signed while it stands still.
    const clock = fakeClock(Date.now() + HOUR)
    const seen: string[] = []
    const onChange = ({ cert }: { cert: string }) => void seen.push(new X509Certificate(cert).subject)
    const options = { files: pair, clock, log, onChange, pollEvery: 20, first: 'must be there' } as const
    const watch = await watchCertificate(options)
    t.after(() => watch.stop())
    return { authority, pair, log, clock, seen, watch }
  }

  for (const [what, spoil, said] of [
    [
      'cut off',
      (pair: { cert: string }) => writeFileSync(pair.cert, '-----BEGIN CERTIFICATE-----\nMII'),
      /no readable/,
    ],
    ['empty', (pair: { key: string }) => writeFileSync(pair.key, ''), /no private key in PEM form/],
  ] as const) {
    test(`keeps the old one when the new one is ${what}, says why, and takes the next good one`, async (t) => {
      const { authority, pair, log, seen, watch } = await watching(t)
      spoil(pair)
      await eventually('a complaint', () => log.find(/the certificate in use stays/).length > 0)
      assert.match(log.text(), said)
      assert.equal(new X509Certificate(watch.current()?.cert ?? '').subject, 'CN=first')
      exchange(pair, authority.sign('second'))
      await eventually('the next one', () => seen.includes('CN=second'))
    })
  }

  test('keeps the old one when the key is that of another', async (t) => {
    const { authority, pair, log, watch, seen } = await watching(t)
    writeFileSync(pair.key, readFileSync(authority.sign('other').key))
    await watch.look()
    assert.match(log.text(), /the key in .*first\.key does not belong to the certificate/)
    assert.deepEqual(seen, [])
  })

  test('keeps one that is valid when the new one is not', async (t) => {
    const { authority, pair, log, clock, watch } = await watching(t)
    clock.advance(10 * DAY)
    exchange(pair, authority.sign('short', 2))
    await watch.look()
    assert.match(log.text(), /is not valid now/)
    assert.equal(new X509Certificate(watch.current()?.cert ?? '').subject, 'CN=first')
  })

  test('does not mind files that are gone', async (t) => {
    const { pair, log, watch } = await watching(t)
    rmSync(pair.cert)
    await watch.look()
    assert.equal(new X509Certificate(watch.current()?.cert ?? '').subject, 'CN=first')
    assert.deepEqual(log.find('error'), [])
  })

  test('warns once a day when less than 14 days are left', async (t) => {
    const { log, clock, watch } = await watching(t)
    const warnings = () => log.find(/the certificate in use (ends|has ended)/).length
    clock.advance(75 * DAY)
    await watch.look()
    assert.equal(warnings(), 0)
    clock.advance(2 * DAY)
    await watch.look()
    await watch.look()
    assert.equal(warnings(), 1)
    clock.advance(DAY)
    await watch.look()
    assert.equal(warnings(), 2)
  })
})

describe('a certificate of our own', () => {
  test('is one that TLS takes, for the names it was made for', () => {
    const now = systemClock()
    const names = ['cache.example', '*.cache.example', `${'x'.repeat(63)}.${'y'.repeat(63)}.example`]
    const { cert, key } = createSelfSigned(names, now)
    const leaf = new X509Certificate(cert)
    assert.equal(leaf.subjectAltName, names.map((name) => `DNS:${name}`).join(', '))
    assert.ok(leaf.verify(leaf.publicKey))
    assert.equal(leaf.checkHost('a.cache.example'), '*.cache.example')
    assert.doesNotThrow(() => checkCertificate({ cert, key }, { cert: 'c', key: 'k' }))
    assert.ok(leaf.validFromDate.getTime() < now && now < leaf.validToDate.getTime())
  })

  test('is also one after 2049', () => {
    const now = Date.UTC(2051, 5, 1)
    const { cert } = createSelfSigned(['a.example'], now)
    assert.equal(new X509Certificate(cert).validToDate.getTime(), now + 365 * DAY)
  })
})
