import assert from 'node:assert/strict'
import { digestOf } from '../../src/domain/digest.ts'
import type { Ask, Reply } from './wire.ts'

/**
 * Asserts what every client takes for granted about an answer (OCI distribution spec, "Pulling manifests" and
 * "Pulling blobs"): no coding, a true length and digest, an exact type, errors in the OCI shape.
 */
export function assertWellFormed(ask: Ask, reply: Reply): void {
  const { headers, status, body } = reply
  const where = `${ask.method ?? 'GET'} ${ask.path} -> ${status}`
  assert.equal(
    headers['content-encoding'],
    undefined,
    `${where}: clients would decode it and miss the digest`,
  )
  if (ask.method === 'HEAD') assert.equal(body.length, 0, `${where}: HEAD has no body`)
  else if (reply.whole && headers['content-length'] !== undefined) {
    assert.equal(Number(headers['content-length']), body.length, `${where}: Content-Length`)
  }
  if (status >= 400) assertError(ask, reply, where)
  else if (/\/manifests\/[^/]+$/.test(pathOf(ask))) assertManifest(ask, reply, where)
  else if (/\/blobs\/[^/]+$/.test(pathOf(ask))) assertBlob(ask, reply, where)
}

function pathOf({ path }: Ask): string {
  return path.split('?')[0] ?? ''
}

function assertManifest(ask: Ask, { headers, body }: Reply, where: string): void {
  assertNamespace(ask, headers, where)
  assert.match(headers['content-type'] ?? '', /^application\/vnd\.[\w.+-]+\+json$/, `${where}: Content-Type`)
  assert(headers['content-length'] !== undefined, `${where}: no Content-Length`)
  const digest = String(headers['docker-content-digest'])
  assert.match(digest, /^sha(256|512):[0-9a-f]+$/, `${where}: Docker-Content-Digest`)
  if (ask.method !== 'HEAD' && digest.startsWith('sha256:')) assert.equal(digest, digestOf(body), where)
}

function assertBlob(ask: Ask, { headers, status, body, whole }: Reply, where: string): void {
  assertNamespace(ask, headers, where)
  const digest = pathOf(ask).split('/blobs/')[1] ?? ''
  assert.equal(headers['docker-content-digest'], digest, `${where}: Docker-Content-Digest`)
  assert(headers['content-length'] !== undefined, `${where}: no Content-Length`)
  assert.equal(headers['accept-ranges'], 'bytes', `${where}: Accept-Ranges`)
  if (ask.method !== 'HEAD' && status === 200 && whole) assert.equal(digestOf(body), digest, where)
}

const OUTCOMES = ['hit', 'miss', 'joined', 'revalidated', 'stale', 'bypass']

function assertNamespace(ask: Ask, headers: Reply['headers'], where: string): void {
  assert(OUTCOMES.includes(String(headers['x-cache'])), `${where}: X-Cache is ${String(headers['x-cache'])}`)
  const namespace = new URLSearchParams(ask.path.split('?')[1]).get('ns')
  if (namespace !== null) assert.equal(headers['oci-namespace'], namespace, `${where}: OCI-Namespace`)
}

function assertError(ask: Ask, { headers, body }: Reply, where: string): void {
  assert.match(headers['content-type'] ?? '', /^application\/json(;|$)/, `${where}: Content-Type of an error`)
  if (ask.method === 'HEAD') return
  // The shape is what is being asserted.
  const { errors } = JSON.parse(body.toString()) as { errors?: { code?: string; message?: string }[] }
  assert.match(errors?.[0]?.code ?? '', /^[A-Z_]+$/, `${where}: ${body.toString()}`)
  assert.equal(typeof errors?.[0]?.message, 'string', `${where}: ${body.toString()}`)
}
