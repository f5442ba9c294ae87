import type { ErrorCode } from '../domain/errors.ts'
import { createLayer, type Layer, type LayerView } from './layers.ts'
import type { Ongoing, SplitName } from './running.ts'
import { keptText } from './text.ts'

/** What one client is pulling, as people see it. */
export interface PullView {
  readonly id: string
  readonly client: string
  readonly userAgent: string
  readonly who: string | undefined
  /** "docker.io/library/nginx" */
  readonly repository: string
  /** The tag it came by, else the digest of the first manifest; undefined where only blobs were asked for. */
  readonly reference: string | undefined
  readonly startedAt: number
  /** Undefined while it goes on. */
  readonly endedAt: number | undefined
  readonly layers: readonly LayerView[]
  /** All that the client got. */
  readonly bytes: number
  /** Why its manifest could not be had. */
  readonly error: ErrorCode | undefined
}

/** Requests of one client for one repository that belong together. */
export interface Pull {
  readonly startedAt: number
  /** When its last request ended; 0 before. */
  readonly lastAt: number
  readonly tag: string | undefined
  readonly isRunning: boolean
  /** False as long as it only asked whether something is still the same. */
  readonly isPull: boolean
  begin(ongoing: Ongoing, name: SplitName): void
  end(ongoing: Ongoing, name: SplitName, now: number): void
  view(endedAt: number | undefined): PullView
}

/** More than any image has; what comes after is served, but not shown. */
const MOST_LAYERS = 300

export function createPull(id: string, first: Ongoing, repository: string): Pull {
  // Not the request itself: that would keep its connection in memory.
  const { client } = first.running
  const { who } = first.running.notes
  const userAgent = keptText(first.running.req.headers['user-agent'] ?? '', 256)
  const running = new Set<Ongoing>()
  const layers = new Map<string, Layer>()
  let { startedAt } = first
  let lastAt = 0
  let bytes = 0
  let tag: string | undefined
  let digest: string | undefined
  let isPull = false
  let error: ErrorCode | undefined

  const layerOf = (reference: string): Layer | undefined => {
    const known = layers.get(reference)
    if (known !== undefined || layers.size >= MOST_LAYERS) return known
    const layer = createLayer(reference)
    layers.set(reference, layer)
    return layer
  }
  const begin: Pull['begin'] = (ongoing, { reference }) => {
    if (running.has(ongoing)) return
    running.add(ongoing)
    const { line, notes: said } = ongoing.running
    startedAt = Math.min(startedAt, ongoing.startedAt)
    if (line.method === 'GET') isPull = true
    if (said.kind === 'manifest') {
      if (reference?.includes(':') === false) tag ??= reference
      else digest ??= reference
    } else if (line.method === 'GET' && reference !== undefined) {
      layerOf(reference)?.begin(ongoing)
    }
  }
  return {
    get startedAt() {
      return startedAt
    },
    get lastAt() {
      return lastAt
    },
    get tag() {
      return tag
    },
    get isRunning() {
      return running.size > 0
    },
    get isPull() {
      return isPull
    },
    begin,
    end: (ongoing, name, now) => {
      begin(ongoing, name)
      running.delete(ongoing)
      lastAt = Math.max(lastAt, now)
      const { line, notes: said } = ongoing.running
      bytes += said.bytes
      if (said.kind === 'manifest') error = said.error?.code
      else if (line.method === 'GET') layers.get(name.reference ?? '')?.end(ongoing)
    },
    view: (endedAt) => ({
      id,
      client,
      userAgent,
      who,
      repository,
      reference: tag ?? digest,
      startedAt,
      endedAt,
      layers: [...layers.values()].map((layer) => layer.view()),
      bytes: [...running].reduce((sum, { running: one }) => sum + one.notes.bytes, bytes),
      error,
    }),
  }
}
