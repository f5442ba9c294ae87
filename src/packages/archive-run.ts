import type { Cache } from '../cache/cache.ts'
import type { Content } from '../cache/want.ts'
import { AppError } from '../domain/errors.ts'
import type { ByteRange } from '../domain/range.ts'
import { constantRun, type Piece, type Run } from '../domain/run.ts'
import type { PackedBlob } from './collect.ts'
import type { Plan, Segment } from './plan.ts'

/** A segment as far as it is wanted: `from` and `to` in it, the latter exclusive. */
interface Stretch {
  readonly segment: Segment
  readonly from: number
  readonly to: number
}

/** Blobs that are asked for at once, so that what has to be downloaded comes side by side. */
const AHEAD = 3

/**
 * The bytes of an archive, or of a range of it. Content streams from disk or from downloads that run; the last byte of
 * each stays back until its digest is verified. Throws AppError where content is not what its manifest says.
 */
export function createArchiveRun(cache: Cache, plan: Plan, range: ByteRange): Run {
  const stretches = stretchesOf(plan.segments, range)
  const opening = createOpening(cache, stretches)
  let current: Run | undefined
  let closed = false

  const next = async (): Promise<Run | undefined> => {
    const stretch = stretches.shift()
    if (stretch === undefined) return undefined
    const { segment, from, to } = stretch
    if (segment.kind === 'made') return constantRun(segment.bytes.subarray(from, to))
    return await blobRun(await opening.take(), segment.blob, { from, to })
  }

  const pull = async (most?: number): Promise<Piece | undefined> => {
    while (!closed) {
      current ??= await next()
      if (current === undefined) return undefined
      const piece = await current.pull(most)
      if (piece !== undefined) return piece
      current.close()
      current = undefined
    }
    return undefined
  }

  return {
    pull: async (most) => {
      const piece = await pull(most)
      // Closed while it was waited for.
      if (closed && current !== undefined) current.close()
      return piece
    },
    close: () => {
      closed = true
      current?.close()
      opening.close()
    },
  }
}

function stretchesOf(segments: readonly Segment[], { start, end }: ByteRange): Stretch[] {
  const stretches: Stretch[] = []
  let at = 0
  for (const segment of segments) {
    const from = Math.max(0, start - at)
    const to = Math.min(segment.size, end + 1 - at)
    if (from < to) stretches.push({ segment, from, to })
    at += segment.size
  }
  return stretches
}

/** Opens the blobs of what is left, a few at once and in order. */
function createOpening(cache: Cache, stretches: readonly Stretch[]) {
  const wanted = stretches.flatMap(({ segment }) => (segment.kind === 'blob' ? [segment.blob] : []))
  const open: Promise<Content>[] = []
  let closed = false
  const begin = (): void => {
    while (open.length < AHEAD && !closed) {
      const blob = wanted.shift()
      if (blob === undefined) return
      const content = openRight(cache, blob)
      // Who waits for it hears of it in turn.
      content.catch(() => undefined)
      open.push(content)
    }
  }
  return {
    /** The next one, which is the caller's to close. */
    take: async (): Promise<Content> => {
      begin()
      const first = open.shift()
      begin()
      if (first === undefined) throw new Error('there is no blob left')
      return await first
    },
    close: (): void => {
      closed = true
      for (const content of open.splice(0)) void content.then((one) => one.close()).catch(() => undefined)
    },
  }
}

async function openRight(cache: Cache, blob: PackedBlob): Promise<Content> {
  const content = await cache.open(blob.want)
  if (content.size === undefined || content.size === blob.size) return content
  content.close()
  throw wrongSize(blob, content.size)
}

/** Bytes `from` to `to` of a blob. What is not here yet is read from its beginning: only whole content can be verified. */
async function blobRun(
  content: Content,
  blob: PackedBlob,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Run> {
  const isHere = content.outcome !== 'miss' && content.outcome !== 'joined' && content.outcome !== 'bypass'
  const isWhole = from === 0 && to === blob.size
  const range = isHere && !isWhole ? { start: from, end: to - 1 } : undefined
  const run = await content.read(range).then(
    (opened) => opened.run,
    (error: unknown) => {
      content.close()
      throw error
    },
  )
  return cutRun(run, {
    skip: range === undefined ? from : 0,
    length: to - from,
    isToEnd: to === blob.size,
    wrong: (size) => wrongSize(blob, size),
    close: () => {
      run.close()
      content.close()
    },
  })
}

interface Cut {
  readonly skip: number
  readonly length: number
  /** The run must end where the cut does: not before, or its digest is not judged yet, the last piece is given. */
  readonly isToEnd: boolean
  wrong(size: number): AppError
  close(): void
}

/** Exactly `length` bytes of a run after the first `skip`. */
function cutRun(run: Run, { skip, length, isToEnd, wrong, close }: Cut): Run {
  const end = skip + length
  let at = 0
  /** The bytes of a piece that are wanted; it is released where there are none. */
  const cut = (piece: Piece): Piece | undefined => {
    const { bytes } = piece
    const wanted = bytes.subarray(Math.max(0, skip - at), Math.max(0, end - at))
    at += bytes.length
    if (wanted.length > 0 && (at <= end || !isToEnd)) return { bytes: wanted, release: () => piece.release() }
    piece.release()
    if (at > end && isToEnd) throw wrong(at)
    return undefined
  }
  const requireEnd = async (last: Piece): Promise<void> => {
    try {
      const more = await run.pull()
      if (more === undefined) return
      // Bytes that were released may have no length.
      const { length } = more.bytes
      more.release()
      throw wrong(at + length)
    } catch (error) {
      last.release()
      throw error
    }
  }
  return {
    pull: async (most) => {
      while (at < end) {
        const piece = await run.pull(most)
        if (piece === undefined) throw wrong(at)
        const wanted = cut(piece)
        if (wanted === undefined) continue
        if (at === end && isToEnd) await requireEnd(wanted)
        return wanted
      }
      return undefined
    },
    close,
  }
}

function wrongSize({ digest, size }: PackedBlob, found: number): AppError {
  const said = `${digest} has ${found} bytes, and its manifest says ${size}`
  return new AppError('upstream_invalid', { detail: { said } })
}
