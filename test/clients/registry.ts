import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Content, Image, ImageIndex } from './images.ts'
import { findPort, probeHttp, startDaemon, waitUntilReady } from './process.ts'

export interface Registry extends AsyncDisposable {
  readonly url: string
}

/** A real registry (CNCF distribution) that keeps its content below `dir`. */
export async function startRegistry(dir: string): Promise<Registry> {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  const file = join(dir, 'registry.yml')
  await writeFile(file, renderConfig(dir, port))
  const daemon = startDaemon('docker-registry', ['serve', file])
  await waitUntilReady(daemon, () => probeHttp(`${url}/v2/`))
  return { url, [Symbol.asyncDispose]: () => daemon.stop() }
}

function renderConfig(dir: string, port: number): string {
  return `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: ${dir}/registry
http:
  addr: 127.0.0.1:${port}
`
}

/** Pushes an image, or an index and its images, under a tag (OCI distribution spec, "Pushing manifests"). */
export async function push(registry: string, reference: string, image: Image | ImageIndex): Promise<void> {
  const [repository = '', tag = ''] = reference.split(':')
  const base = `${registry}/v2/${repository}`
  const images = 'images' in image ? image.images : [image]
  for (const each of images) {
    for (const blob of each.blobs) await pushBlob(base, blob)
    await pushManifest(base, each.manifest.digest, each.manifest)
  }
  await pushManifest(base, tag, image.manifest)
}

async function pushBlob(base: string, blob: Content): Promise<void> {
  const opened = await send(`${base}/blobs/uploads/`, { method: 'POST' }, 202)
  const location = new URL(opened.headers.get('location') ?? '', base)
  location.searchParams.set('digest', blob.digest)
  const headers = { 'content-type': 'application/octet-stream' }
  await send(location.href, { method: 'PUT', headers, body: new Uint8Array(blob.bytes) }, 201)
}

async function pushManifest(base: string, name: string, manifest: Content): Promise<void> {
  const headers = { 'content-type': manifest.mediaType }
  await send(
    `${base}/manifests/${name}`,
    { method: 'PUT', headers, body: new Uint8Array(manifest.bytes) },
    201,
  )
}

async function send(url: string, init: RequestInit, expected: number): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })
  const text = await response.text()
  if (response.status !== expected) throw new Error(`${init.method} ${url}: ${response.status} ${text}`)
  return response
}
