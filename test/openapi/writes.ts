import { digestOf } from '../../src/domain/digest.ts'
import { tarArchive } from '../support/tar-layer.ts'
import { PASSWORDS } from '../ui/console.ts'

/** Fields of an answer that a later question needs. */
export type Written = Readonly<Record<string, unknown>>

type Example = (written: Readonly<Record<string, Written>>) => unknown

const APP = 'docker.io/library/app:1.0'
const FILE = 'go:example.com/m@v1.0.0'
const KEY = { name: 'ci' }
const USER = { name: 'dora' }

/** The clean-up that was shown. */
const previewed: Example = (written) => {
  // The last line of a stream says what came out.
  const { result } = (written['POST /gc/preview'] ?? {}) as { result?: Written }
  return { previewId: result?.['previewId'], exclude: [] }
}

/** As docker save wrote it before Docker 25. */
function archive(): Buffer {
  const layer = tarArchive([{ path: 'hello', bytes: Buffer.from('hello') }])
  const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] }
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }))
  const listed = [{ Config: 'c.json', RepoTags: ['org/imported:1'], Layers: ['layer.tar'] }]
  return tarArchive([
    { path: 'layer.tar', bytes: layer },
    { path: 'c.json', bytes: config },
    { path: 'manifest.json', bytes: Buffer.from(JSON.stringify(listed)) },
  ])
}

/** An example of every change, in the order in which they make sense; some build on answers of those before. */
export const WRITES: Readonly<Record<string, Example>> = {
  'POST /setup/render': () => ({ kind: 'podman', language: 'zh', ca: '/etc/ca.pem' }),
  'PUT /pins': () => ({ match: ['docker.io/org/*'], reason: 'needed' }),
  'PUT /keys': () => ({ ...KEY, expiresAt: 4_000_000_000_000 }),
  'PUT /tokens': () => KEY,
  'PUT /users': () => ({ ...USER, password: 'explorer-dora', role: 'operator' }),
  'POST /upstreams/test': () => ({ name: 'docker.io' }),
  'POST /check': () => ({ names: [APP] }),
  'POST /fetch': () => ({ names: [APP], platforms: ['all'] }),
  'POST /prefetch': () => ({ names: ['base images'] }),
  'POST /verify': () => ({ names: [] }),
  'POST /import': archive,
  'POST /remove': () => ({ names: [APP], dryRun: true }),
  'POST /selection': () => ({ names: [APP, FILE], exclude: [] }),
  'POST /evict': (written) => ({ previewId: written['POST /selection']?.['previewId'], mode: 'undo' }),
  'POST /gc': () => ({ idle: 1000, dryRun: true }),
  'POST /gc/preview': () => ({ platforms: ['linux/amd64'] }),
  'POST /gc/narrow': previewed,
  'POST /gc/run': previewed,
  'POST /jobs/stop': () => ({ id: 1 }),
  'POST /undo': (written) => ({ id: written['POST /evict']?.['id'] }),
  'POST /evictions/free': () => ({}),
  'DELETE /pins': () => ({ match: ['docker.io/org/*'] }),
  'DELETE /keys': () => KEY,
  'DELETE /tokens': () => KEY,
  'DELETE /users': () => USER,
  'POST /session': () => ({ user: 'alice', password: PASSWORDS.alice }),
  'DELETE /session': () => ({}),
  'PUT /session/password': () => ({ old: PASSWORDS.alice, new: PASSWORDS.alice }),
  'POST /setup-admin': () => ({ token: 'x', user: 'eve', password: 'not-the-first' }),
}

/** Those that a server with users refuses; what they answer else is what logging in answers. */
export const REFUSED: ReadonlySet<string> = new Set(['POST /setup-admin'])

/** Those that take away what there is to see. */
export const LATER: ReadonlySet<string> = new Set([
  'POST /gc/run',
  'POST /undo',
  'POST /evictions/free',
  'DELETE /pins',
  'DELETE /keys',
  'DELETE /tokens',
  'DELETE /users',
  'POST /session',
  'DELETE /session',
  'PUT /session/password',
])
