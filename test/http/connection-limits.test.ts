import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { readCertificate } from '../../src/http/certificate.ts'
import {
  type ConnectionLimitsOptions,
  createConnectionLimits,
  mostConnections,
} from '../../src/http/connection-limits.ts'
import { type ServerOptions, startServer } from '../../src/http/server.ts'
import { eventually } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { fetchAll } from '../support/http.ts'
import type { Cleanup } from '../support/temp.ts'
import { createAuthority, shakeHands } from './certificates.ts'
import { openRaw, request } from './raw.ts'

function limitsOf(options: Partial<ConnectionLimitsOptions> = {}) {
  const clock = fakeClock()
  const log = collectorLog()
  const limits = createConnectionLimits({
    most: 100,
    mostPerNetwork: 10,
    exempt: [],
    clock,
    log,
    ...options,
  })
  /** How many more this peer may open; they stay open. */
  const fill = (peer: string): number => {
    for (let count = 0; ; count++) if (limits.gate(peer) === undefined) return count
  }
  return { clock, log, limits, fill }
}

suite('connections', () => {
  test('are bounded for each network, and those of others go on', () => {
    const { limits, fill } = limitsOf()
    const leave = limits.gate('192.0.2.1')
    assert.ok(leave !== undefined)
    assert.equal(fill('192.0.2.1'), 9)
    assert.equal(fill('::ffff:192.0.2.1'), 0)
    assert.equal(fill('2001:db8::1'), 10)
    assert.equal(fill('2001:db8::2'), 0)
    leave()
    assert.equal(limits.open, 19)
    assert.equal(fill('192.0.2.1'), 1)
  })

  test('of proxies and of those who are never limited are bounded all together', () => {
    const { limits, fill } = limitsOf({ exempt: ['10.0.0.0/8'] })
    assert.equal(fill('10.0.0.1'), 100)
    assert.equal(limits.open, 100)
    limits.update([])
    assert.equal(fill('10.0.0.2'), 0)
  })

  test('of a crowd of strangers leave room for those who are never limited', () => {
    const { fill } = limitsOf({ exempt: ['10.0.0.0/8'] })
    let strangers = 0
    for (let i = 0; i < 50; i++) strangers += fill(`192.0.2.${i}`)
    assert.equal(strangers, 88)
    assert.equal(fill('10.0.0.1'), 12)
  })

  test('that are too many are told of once a minute, with their number', () => {
    const { clock, log, fill, limits } = limitsOf()
    fill('192.0.2.1')
    for (let i = 0; i < 500; i++) limits.gate('192.0.2.1')
    assert.equal(log.entries.length, 1)
    clock.advance(MINUTE)
    limits.gate('192.0.2.1')
    clock.advance(-MINUTE * 60)
    limits.gate('192.0.2.1')
    assert.deepEqual(
      log.find('warn').map(({ fields }) => [fields['peer'], fields['ofPeer'], fields['refused']]),
      [
        ['192.0.2.1', 10, 1],
        ['192.0.2.1', 10, 501],
        ['192.0.2.1', 10, 1],
      ],
    )
  })

  test('are no more than this process may open files for', () => {
    const line = (soft: string) =>
      `Limit  Soft Limit  Hard Limit  Units\nMax open files   ${soft}   4096  files\n`
    assert.equal(mostConnections(line('1024')), 409)
    assert.equal(mostConnections(line('1048576')), 8192)
    assert.equal(mostConnections(line('unlimited')), 8192)
    assert.equal(mostConnections(undefined), 8192)
    assert.ok(mostConnections(readFileSync('/proc/self/limits', 'utf8')) > 100)
  })
})

/** A server on loopback with a gate; its `handle` answers with what it is asked for. */
async function serve(t: Cleanup, options: Partial<ServerOptions> & { readonly most?: number } = {}) {
  const { most = 5, ...more } = options
  const { limits, log } = limitsOf({ mostPerNetwork: most })
  const handle: RequestListener = (req, res) => res.end(req.url)
  const server = await startServer({ host: '127.0.0.1', port: 0, handle, gate: limits.gate, ...more })
  t.after(() => server.close(0))
  const { port } = server.address
  return { server, limits, log, port, url: `http://127.0.0.1:${port}` }
}

/** Whether this connection is cut before anything was sent. */
async function isCut(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  const closed = new Promise<true>((resolve) => socket.once('close', () => resolve(true)))
  socket.once('connect', () => socket.write(request('/here')))
  const answered = new Promise<false>((resolve) => socket.once('data', () => resolve(false)))
  const result = await Promise.race([closed, answered])
  socket.destroy()
  return result
}

suite('a server with a bound', () => {
  test('cuts the connections that are too many, serves the others, and counts those that went', async (t) => {
    const { limits, log, port, url } = await serve(t)
    const open = await Promise.all(Array.from({ length: 4 }, () => openRaw(port)))
    await eventually('they count', () => limits.open === 4)
    assert.equal(String((await fetchAll(`${url}/there`)).body), '/there')
    const fifth = await openRaw(port)
    await eventually('it counts', () => limits.open === 5)
    for (let i = 0; i < 20; i++) assert.equal(await isCut(port), true)
    assert.equal(log.find(/too many open connections/).length, 1)
    fifth.write(request('/there'))
    assert.match(String((await once(fifth, 'data'))[0]), /^HTTP\/1\.1 200 /)
    for (const socket of [...open, fifth]) socket.destroy()
    await eventually('nobody is left', () => limits.open === 0)
    assert.equal(await isCut(port), false)
  })

  test('does so before a handshake, and counts what ends in it or after it', async (t) => {
    const authority = await createAuthority(t)
    const certificate = await readCertificate(authority.sign('first'))
    const { limits, port } = await serve(t, { tls: { certificate } })
    const silent = await openRaw(port)
    const idle = await Promise.all(Array.from({ length: 4 }, () => shakeHands(port)))
    assert.equal(limits.open, 5)
    for (let i = 0; i < 20; i++) await assert.rejects(shakeHands(port))
    silent.destroy()
    for (const socket of idle.slice(0, 3)) socket.destroy()
    await eventually('one is left', () => limits.open === 1)
    const nonsense = await openRaw(port)
    nonsense.write('GET / HTTP/1.1\r\n\r\n')
    await once(nonsense.resume(), 'close')
    await eventually('one is left again', () => limits.open === 1)
    assert.equal((await fetchAll(`https://127.0.0.1:${port}/x`, { ca: authority.ca })).status, 200)
    idle[3]?.destroy()
    await eventually('nobody is left', () => limits.open === 0)
  })

  test('goes on counting when it begins to speak TLS, and can be stopped with all of them open', async (t) => {
    const authority = await createAuthority(t)
    const certificate = await readCertificate(authority.sign('first'))
    const { server, limits, port } = await serve(t)
    const before = await openRaw(port)
    before.write(request('/x'))
    await once(before, 'data')
    await server.setTls({ certificate })
    const after = await Promise.all(Array.from({ length: 4 }, () => shakeHands(port)))
    await eventually('idle ones of before are gone', () => limits.open === 4)
    await server.close(60_000)
    await eventually('nobody is left', () => limits.open === 0)
    for (const socket of [before, ...after]) socket.destroy()
  })
})
