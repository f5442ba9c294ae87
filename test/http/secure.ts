import type { TestContext } from 'node:test'
import { type CachalotOptions, startPair } from '../support/cachalot.ts'
import { createAuthority } from './certificates.ts'

/** A cache that speaks TLS with a certificate called "first", before a fake Docker Hub. */
export async function startSecure(
  t: TestContext,
  {
    tls: more = {},
    ...options
  }: Pick<CachalotOptions, 'clock'> & { readonly tls?: Readonly<Record<string, unknown>> } = {},
) {
  const authority = await createAuthority(t)
  const pair = authority.sign('first')
  const tls = { ...pair, ...more }
  const { hub, cache } = await startPair(t, { ...options, config: { server: { tls } } })
  const url = `https://127.0.0.1:${cache.port}`
  /** Other keys in [server.tls], beside the pair. */
  const reload = (changes: object) => cache.reload({ config: { server: { tls: { ...pair, ...changes } } } })
  return { authority, pair, hub, cache, url, ca: authority.ca, reload }
}
