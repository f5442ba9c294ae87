import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createAuthority } from '../http/certificates.ts'
import { fetchAll } from '../support/http.ts'
import { findPort, startDaemon, waitUntilReady } from './process.ts'

/** A certificate authority on loopback, and the name server it asks. */
export interface Pebble {
  /** URL of its directory. */
  readonly directory: string
  /** The authority that its own https is signed by, a PEM file. */
  readonly caFile: string
  /** What its certificates end in, PEM. */
  readonly root: string
  /** Where it looks for http-01 proofs. */
  readonly httpPort: number
  /** host:port of the name server; every name is 127.0.0.1. */
  readonly resolver: string
  /** Takes TXT records at /set-txt and /clear-txt. */
  readonly records: string
  log(): string
}

/** Certificates last for 90 days, as real ones did for long. */
const VALIDITY = 90 * 86_400

export async function startPebble(t: TestContext): Promise<Pebble> {
  const authority = await createAuthority(t)
  const own = authority.sign('pebble')
  const ports = await Promise.all(Array.from({ length: 9 }, findPort))
  const [port, management, httpPort, tlsPort, dns, records, ...rest] = ports.map(String)
  const config = join(authority.folder, 'pebble.json')
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: own.cert,
    privateKey: own.key,
    httpPort: Number(httpPort),
    tlsPort: Number(tlsPort),
    ocspResponderURL: '',
    certificateValidityPeriod: VALIDITY,
  }
  await writeFile(config, JSON.stringify({ pebble }))
  const listeners = { dns01: dns, management: records, http01: rest[0], https01: rest[1], tlsalpn01: rest[2] }
  const names = startDaemon('pebble-challtestsrv', [
    '-defaultIPv4',
    '127.0.0.1',
    '-defaultIPv6',
    '',
    ...Object.entries(listeners).flatMap(([name, at]) => [`-${name}`, `127.0.0.1:${at}`]),
  ])
  t.after(() => names.stop())
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_VA_ALWAYS_VALID: '0', PEBBLE_WFE_NONCEREJECT: '0' }
  const daemon = startDaemon('pebble', ['-config', config, '-dnsserver', `127.0.0.1:${dns}`], env)
  t.after(() => daemon.stop())
  let root = ''
  await waitUntilReady(daemon, async () => {
    const got = await fetchAll(`https://127.0.0.1:${management}/roots/0`, { ca: authority.ca })
    if (got.status !== 200) throw new Error(`it answers ${got.status}`)
    root = String(got.body)
  })
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    caFile: authority.caFile,
    root,
    httpPort: Number(httpPort),
    resolver: `127.0.0.1:${dns}`,
    records: `http://127.0.0.1:${records}`,
    log: () => daemon.log(),
  }
}
