import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cache, startCache } from './cache.ts'
import { createImages, type Images } from './fixtures.ts'
import { releaseMounts } from './mounts.ts'
import { type RecordedRequest, type Recorder, startRecorder } from './recorder.ts'
import { push, startRegistry } from './registry.ts'

/** A cache between real clients and a real registry that plays Docker Hub and ghcr.io. */
export interface Lab extends AsyncDisposable {
  /** Temporary folder; clients keep everything of theirs below it. */
  readonly dir: string
  readonly cache: Cache
  readonly images: Images
  readonly hub: Recorder
  readonly ghcr: Recorder
  /** What reached any upstream so far. */
  requests(): readonly RecordedRequest[]
  stopUpstreams(): Promise<void>
  startUpstreams(): Promise<void>
  /** Environment that keeps a client inside the lab: its own home, and nothing outside of loopback. */
  readonly env: Record<string, string>
}

export async function openLab(): Promise<Lab> {
  await using opened = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'cachalot-clients-'))
  opened.defer(async () => {
    await releaseMounts(dir)
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  const images = createImages()
  const registry = opened.use(await startRegistry(dir))
  for (const [reference, image] of Object.entries(images)) await push(registry.url, reference, image)
  const hub = opened.use(await startRecorder(registry.url))
  const ghcr = opened.use(await startRecorder(registry.url))
  const cacheDir = join(dir, 'cache')
  await mkdir(cacheDir)
  const upstreams = [
    {
      name: 'docker.io',
      url: hub.url,
      default: true,
      aliases: ['index.docker.io', 'registry-1.docker.io', 'hub'],
    },
    { name: 'ghcr.io', url: ghcr.url, aliases: ['ghcr'] },
  ]
  const cache = opened.use(await startCache({ dir: cacheDir, upstreams }))
  const env = await createEnvironment(dir)
  const held = opened.move()
  return {
    dir,
    cache,
    images,
    hub,
    ghcr,
    env,
    requests: () => [...hub.requests, ...ghcr.requests],
    stopUpstreams: async () => void (await Promise.all([hub.stop(), ghcr.stop()])),
    startUpstreams: async () => void (await Promise.all([hub.start(), ghcr.start()])),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Go programs never use a proxy for loopback, so only traffic that would leave the machine meets the dead one. */
const DEAD_PROXY = 'http://127.0.0.1:9'

async function createEnvironment(dir: string): Promise<Record<string, string>> {
  const home = join(dir, 'home')
  await mkdir(home)
  await writeFile(join(home, 'auth.json'), '{}')
  return {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    TMPDIR: home,
    XDG_RUNTIME_DIR: home,
    DOCKER_CONFIG: home,
    REGISTRY_AUTH_FILE: join(home, 'auth.json'),
    HTTP_PROXY: DEAD_PROXY,
    HTTPS_PROXY: DEAD_PROXY,
    http_proxy: DEAD_PROXY,
    https_proxy: DEAD_PROXY,
    NO_PROXY: '127.0.0.0/8,localhost',
  }
}
