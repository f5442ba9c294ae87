import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/ports.ts'
import { startChild } from './child.ts'

/** Of `/v2/` only. `active`: answers that are still being sent. */
export interface UpstreamStats {
  requests: number
  /** Of bodies. */
  bytes: number
  active: number
}

/** An image; the first one, tagged `latest`, has one layer of 1 MiB. Digests are `sha256:…`. */
export interface BenchImage {
  readonly tag: string
  /** Of an index of two platforms, which are both this image. */
  readonly indexTag: string
  readonly manifest: string
  /** 1,000 bytes, more with many layers. */
  readonly config: string
  readonly layers: readonly string[]
  /** Of manifest, configuration and layers. */
  readonly bytes: number
}

/** The fake registry behind all subjects, in a process of its own. */
export interface Upstream {
  readonly url: string
  readonly port: number
  readonly image: BenchImage
  stats(): Promise<UpstreamStats>
  /** Path of a new blob that no subject has seen. `everyday`: sent no faster than a plain server in Node sends. */
  newBlob(size: number, pace?: 'everyday'): Promise<string>
  /** An image that no subject has seen, with layers of `size` bytes each. */
  newImage(layers: number, size: number): Promise<BenchImage>
  /** Every answer is of this status from now on; 0 = no longer. */
  fail(status: number): Promise<void>
  /** Whether every request must bear a token of its own service. */
  wantTokens(on: boolean): Promise<void>
  /** Bytes per second of every answer from now on; 0 = as fast as it goes. */
  throttle(rate: number): Promise<void>
  /** Resolves when nothing was asked or sent for a tenth of a second. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

const REPOSITORY = '/v2/bench/image'

/** Path of a blob of the benchmark's repository. */
export const blobPath = (digest: string) => `${REPOSITORY}/blobs/${digest}`

/** Everything a client asks for when it pulls an image by tag, in its order. */
export const pullPaths = ({ tag, manifest, config, layers }: BenchImage): readonly string[] => [
  manifestPath(tag),
  manifestPath(manifest),
  ...[config, ...layers].map(blobPath),
]

/** Path of a manifest of the benchmark's repository, by tag or digest. */
export const manifestPath = (reference: string) => `${REPOSITORY}/manifests/${reference}`

/** Starts the fake registry; `folder` receives its log. */
export async function startUpstream(folder: string): Promise<Upstream> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = [join(import.meta.dirname, 'upstream-server.ts'), String(port), folder]
  const child = await startChild({ command: process.execPath, args, folder, readyUrl: `${url}/__stats` })
  const control = async <T>(path: string): Promise<T> => {
    const answer = await fetch(url + path)
    // Our own server; the shape of each answer is the type beside its path.
    return (await answer.json()) as T
  }
  const stats = () => control<UpstreamStats>('/__stats')
  return {
    url,
    port,
    image: await control<BenchImage>('/__image'),
    stats,
    newBlob: async (size, pace) => {
      const query = `size=${size}${pace === 'everyday' ? '&file=1' : ''}`
      return blobPath((await control<{ digest: string }>(`/__blob?${query}`)).digest)
    },
    newImage: (layers, size) => control<BenchImage>(`/__new-image?layers=${layers}&size=${size}`),
    fail: async (status) => void (await control(`/__fault?status=${status}`)),
    wantTokens: async (on) => void (await control(`/__tokens?on=${on ? 1 : 0}`)),
    throttle: async (rate) => void (await control(`/__throttle?rate=${rate}`)),
    quiet: () => untilQuiet(stats),
    stop: () => child.stop(),
  }
}

async function untilQuiet(stats: () => Promise<UpstreamStats>): Promise<void> {
  for (let before = await stats(); ; ) {
    await sleep(100)
    const after = await stats()
    if (after.active === 0 && after.bytes === before.bytes && after.requests === before.requests) return
    before = after
  }
}
