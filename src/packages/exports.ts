import { createHash } from 'node:crypto'
import type { Cache } from '../cache/cache.ts'
import type { Index } from '../db/index.ts'
import type { Access } from '../domain/access.ts'
import { isSha256 } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import { createArchiveRun } from './archive-run.ts'
import { createCollect, type Packed } from './collect.ts'
import { layOut, type Plan } from './plan.ts'
import { parsePlatform } from './platforms.ts'

export interface ExportAsk {
  readonly names: readonly string[]
  readonly platform: string | undefined
  readonly access: Access
}

/** Images as one archive that docker, podman and skopeo load. */
export interface Exports {
  /** What the archive will be. Only manifests and configs are fetched for it. Throws AppError as pulls would. */
  plan(ask: ExportAsk): Promise<Plan>
  open(plan: Plan, range: ByteRange): Run
  /** Bytes of it that are not here yet. */
  missing(plan: Plan): number
  /** Its SHA-256 in hexadecimal digits, where that is known. */
  checksum(plan: Plan): string | undefined
  /**
   * Reads all of it to learn its SHA-256; what is missing is fetched. Rejects with the signal's reason, and with
   * AppError `too_many_requests` where others have it done already.
   */
  compute(plan: Plan, signal: AbortSignal): Promise<string>
  /** The same run over all of it, which learns the SHA-256 while it is read to its end. */
  learning(plan: Plan, run: Run): Run
}

/** Archives whose SHA-256 is remembered. */
const MOST = 1000
/** Checksums that are worked out at once: each takes a disk and half a core. */
const MOST_COMPUTED = 2
/** Images whose manifests are read at once. */
const AT_ONCE = 4

export function createExports(deps: {
  readonly cache: Cache
  readonly index: Index
  readonly settings: () => OciSettings
}): Exports {
  const { cache, index } = deps
  const collect = createCollect(cache, deps.settings)
  const known = new Map<string, string>()
  let computing = 0
  const remember = (etag: string, checksum: string): void => {
    if (known.size >= MOST) known.clear()
    known.set(etag, checksum)
  }

  const learning = ({ etag, size }: Plan, run: Run): Run => {
    const hash = createHash('sha256')
    let left = size
    return {
      pull: async (most) => {
        const piece = await run.pull(most)
        if (piece !== undefined) hash.update(piece.bytes)
        left -= piece?.bytes.length ?? 0
        if (piece === undefined && left === 0) remember(etag, hash.copy().digest('hex'))
        return piece
      },
      close: () => run.close(),
    }
  }
  const open: Exports['open'] = (plan, range) => createArchiveRun(cache, plan, range)

  return {
    plan: async ({ names, platform, access }) => {
      if (platform !== undefined && platform !== 'all') parsePlatform(platform)
      const images = new Map<string, Packed>()
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const some = names.slice(at, at + AT_ONCE)
        const packed = await Promise.all(some.map((name) => collect({ name, platform, access })))
        for (const image of packed) images.set(image.name, image)
      }
      return layOut([...images.values()])
    },
    open,
    missing: ({ blobs }) =>
      blobs.reduce((sum, { digest, size }) => {
        const isHere = isSha256(digest) && index.blobs.find(digest) !== undefined
        return isHere ? sum : sum + size
      }, 0),
    checksum: ({ etag }) => known.get(etag),
    compute: async (plan, signal) => {
      const before = known.get(plan.etag)
      if (before !== undefined) return before
      if (computing >= MOST_COMPUTED)
        throw new AppError('too_many_requests', {
          message: 'other checksums are being worked out',
          retryAfter: 10,
        })
      computing++
      const run = learning(plan, open(plan, { start: 0, end: plan.size - 1 }))
      try {
        for (let piece = await run.pull(); piece !== undefined; piece = await run.pull()) {
          piece.release()
          signal.throwIfAborted()
        }
      } finally {
        computing--
        run.close()
      }
      return known.get(plan.etag) ?? ''
    },
    learning,
  }
}
