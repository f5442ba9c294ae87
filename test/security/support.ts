import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { type Cachalot, type CachalotOptions, startCachalot, type Table } from '../support/cachalot.ts'
import type { Fetched } from '../support/http.ts'
import { type Cleanup, type Handler, type Host, type ServeOptions, serve } from '../upstream/support.ts'
import { METADATA_HOST, setName } from './support-internet.ts'

export const PASSWORD = 'CANARY-password'
export const LOGIN = `Basic ${Buffer.from(`puller:${PASSWORD}`).toString('base64')}`

/** A public host: `name` resolves to a public address that leads to a listener on loopback. */
export interface Place extends Host {
  readonly name: string
  /** On loopback. */
  readonly address: string
  /** By its name. */
  readonly base: string
}

let lastPlace = 9

/** Opens a host at a public address of its own, or with `address` beside another one. */
export async function openPlace(
  t: Cleanup,
  name: string,
  handler: Handler,
  options: ServeOptions = {},
): Promise<Place> {
  const address = options.address ?? `127.0.0.${++lastPlace}`
  const host = await serve(t, handler, { ...options, address })
  setName(name, [address.replace('127', '11')])
  const scheme = options.tls === undefined ? 'http' : 'https'
  return { ...host, name, address, base: `${scheme}://${name}:${host.port}` }
}

/** Records whatever reaches it, and would say something worth stealing. */
export const openEvil = (t: Cleanup, options?: ServeOptions): Promise<Place> =>
  openPlace(t, 'evil.test', (_, response) => response.end('{"token":"EVIL"}'), options)

/** Private hosts that nobody public may lead us to. */
export interface Inside {
  /** At 127.0.0.1. */
  readonly local: Host
  /** At the addresses of clouds, on port 80 where that is free. */
  readonly metadata: Host
}

export async function openInside(t: Cleanup): Promise<Inside> {
  const say: Handler = (_, response) => response.end('{"token":"INSIDE"}')
  const local = await serve(t, say)
  const at = { address: METADATA_HOST }
  const metadata = await serve(t, say, { ...at, port: 80 }).catch(() => serve(t, say, at))
  return { local, metadata }
}

/** Nobody so much as connected. */
export function assertUntouched({ local, metadata }: Inside): void {
  assert.equal(local.accepted(), 0, 'a connection to 127.0.0.1')
  assert.equal(metadata.accepted(), 0, 'a connection to the metadata service')
}

export const BLOB = Buffer.from('the bytes of a blob'.repeat(4096))
export const BLOB_DIGEST: Sha256 = digestOf(BLOB)
export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json'
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'
export const MANIFEST = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: { mediaType: CONFIG_TYPE, digest: BLOB_DIGEST, size: BLOB.length },
    layers: [],
  }),
)

export const PATHS = {
  manifest: '/v2/acme/app/manifests/1',
  digest: `/v2/acme/app/manifests/${digestOf(MANIFEST)}`,
  blob: `/v2/acme/app/blobs/${BLOB_DIGEST}`,
  tags: '/v2/acme/app/tags/list',
  referrers: `/v2/acme/app/referrers/${digestOf(MANIFEST)}`,
} as const

/** Says what a registry with this one image says. */
export const answerImage: Handler = (request, response) => {
  const [path = ''] = (request.url ?? '').split('?')
  if (path.includes('/blobs/')) sendBytes(request, response, BLOB, 'application/octet-stream')
  else if (path.includes('/manifests/')) sendBytes(request, response, MANIFEST, MANIFEST_TYPE)
  else if (path.endsWith('/tags/list')) {
    sendBytes(request, response, Buffer.from('{"name":"acme/app","tags":["1"]}'), 'application/json')
  } else if (path.includes('/referrers/')) {
    sendBytes(request, response, Buffer.from('{"schemaVersion":2,"manifests":[]}'), INDEX_TYPE)
  } else response.writeHead(404).end()
}

/** The whole, or the end of it that a Range asks for. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  type: string,
): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const range = from === 0 ? {} : { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
  const headers = { 'Content-Type': type, 'Content-Length': bytes.length - from, ...range }
  response.writeHead(from === 0 ? 200 : 206, headers)
  response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from))
}

/** Wants a token from its own /token, which wants the login; then does what `then` says. */
export function guarded(realm: () => string, then: Handler = answerImage): Handler {
  return (request, response, n) => {
    if (request.url?.startsWith('/token') === true) {
      if (request.headers.authorization === LOGIN) response.end('{"token":"CANARY-token"}')
      else response.writeHead(401).end()
    } else if (request.headers.authorization === 'Bearer CANARY-token') then(request, response, n)
    else response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm()}",service="s"` }).end()
  }
}

type CacheOptions = Pick<CachalotOptions, 'config' | 'env' | 'clock'> & { readonly upstream?: Table }

/** A cache whose docker.io is at `url`, with a login there. */
export function startCache(
  t: TestContext,
  url: string,
  { upstream = {}, env = {}, ...more }: CacheOptions = {},
): Promise<Cachalot> {
  return startCachalot(t, {
    ...more,
    upstreams: [{ name: 'docker.io', url, username: 'puller', ...upstream }],
    env: { CACHALOT_UPSTREAM__DOCKER_IO__PASSWORD: PASSWORD, ...env },
  })
}

/** The answer is this error, in the registry's shape; gives what was said about the upstream. */
export function saidWith(answer: Fetched, status: number): string {
  assert.equal(answer.status, status, answer.body.subarray(0, 300).toString())
  const { errors } = JSON.parse(answer.body.toString()) as { errors: { detail: { said?: string } }[] } // OCI errors
  return errors[0]?.detail.said ?? ''
}

/** Nothing that says who somebody is came along with any request to this host. */
export function assertNoCredentials({ hits }: Pick<Host, 'hits'>): void {
  for (const { url, headers } of hits) {
    for (const name of ['authorization', 'proxy-authorization', 'cookie']) {
      assert.equal(headers[name], undefined, `${name} of ${url}`)
    }
  }
}
