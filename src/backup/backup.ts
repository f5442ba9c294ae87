import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { LoadedConfig } from '../config/load.ts'
import { blobsIn, copyIndex } from '../db/backup.ts'
import { type Clock, DAY } from '../domain/clock.ts'
import { VERSION } from '../domain/version.ts'
import { layoutOf } from '../store/layout.ts'
import { openArchive } from './archive.ts'
import { contentsOf } from './contents.ts'
import { openFolder } from './folder.ts'
import type { Target } from './target.ts'

export type Destination =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'stdout' }

export interface BackupAsk {
  readonly loaded: LoadedConfig
  readonly to: Destination
  readonly withContent: boolean
  readonly withKeys: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Sizes are bytes. */
export interface BackupReport {
  readonly at: string
  readonly index: number
  /** Files of users, configuration and keys, as they are called in the backup. */
  readonly files: readonly string[]
  /** Private keys and passwords that were left out. */
  readonly leftOut: readonly string[]
  readonly content: ContentReport | undefined
}

export interface ContentReport {
  readonly blobs: number
  readonly bytes: number
  /** Of those, what the backup did not have from before. */
  readonly copied: number
  readonly copiedBytes: number
  /** Evicted since the index was copied. */
  readonly missing: number
}

export type BackupStep =
  | {
      readonly type: 'progress'
      readonly subject: string
      readonly done: number
      readonly total: number
      readonly bytes: number
      readonly bytesTotal: number
    }
  | { readonly type: 'result'; readonly result: BackupReport }

/**
 * Copies a data folder while a server may be at work on it. The index comes first: content that it names and that is gone
 * by then is fetched again by whoever asks for it, and what came later is not missed. Rejects with the signal's reason
 * once it is aborted; what was not finished then does not count.
 */
export async function* backUp(ask: BackupAsk): AsyncGenerator<BackupStep> {
  const { loaded, signal, clock } = ask
  const layout = layoutOf(loaded.config.storage.path)
  const at = clock()
  const { pieces, leftOut } = contentsOf(loaded, ask.withKeys)
  const target = await openTarget(ask, at)
  try {
    yield { type: 'progress', subject: 'index', done: 0, total: 0, bytes: 0, bytesTotal: 0 }
    const index = await copyIndex({ file: layout.index, to: target.index })
    const files: string[] = []
    for (const piece of pieces) {
      signal.throwIfAborted()
      if ((await target.take(piece)) !== 'missing') files.push(piece.name)
    }
    const content = ask.withContent
      ? yield* copyContent(target, { ask, total: index.blobs, bytesTotal: index.bytes })
      : undefined
    const report: BackupReport = {
      at: new Date(at).toISOString(),
      index: index.size,
      files,
      leftOut,
      content,
    }
    await target.finish(`${JSON.stringify({ cachalot: VERSION, ...report }, undefined, 2)}\n`)
    yield { type: 'result', result: report }
  } finally {
    await target.close()
  }
}

async function openTarget({ loaded, to }: BackupAsk, at: number): Promise<Target> {
  if (to.kind === 'folder') return await openFolder(to.path)
  const { index } = layoutOf(loaded.config.storage.path)
  await removeLeftovers(loaded.config.storage.path, at)
  const path = to.kind === 'archive' ? to.path : ({ stdout: true } as const)
  return await openArchive({ to: path, index: `${index}.backup-${process.pid}`, at })
}

/** Of backups that were killed; one that still runs is not a day old. */
async function removeLeftovers(folder: string, now: number): Promise<void> {
  const index = basename(layoutOf(folder).index)
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${index}.backup-`))
  for (const path of names.map((name) => join(folder, name))) {
    const { mtimeMs } = await stat(path)
    if (now - mtimeMs > DAY) await rm(path, { force: true })
  }
}

interface ContentAsk {
  readonly ask: BackupAsk
  readonly total: number
  readonly bytesTotal: number
}

async function* copyContent(
  target: Target,
  { ask, total, bytesTotal }: ContentAsk,
): AsyncGenerator<BackupStep, ContentReport> {
  const { root, blob } = layoutOf(ask.loaded.config.storage.path)
  const sum = { blobs: 0, bytes: 0, copied: 0, copiedBytes: 0, missing: 0 }
  let done = 0
  let bytes = 0
  for (const { digest, size } of blobsIn(target.index)) {
    ask.signal.throwIfAborted()
    const from = blob(digest)
    const name = from.slice(root.length + 1)
    yield { type: 'progress', subject: digest, done, total, bytes, bytesTotal }
    const taken = await target.take({ name, from }, size)
    done += 1
    bytes += size
    if (taken === 'missing') sum.missing += 1
    else add(sum, size, taken === 'taken')
  }
  return sum
}

function add(
  sum: { blobs: number; bytes: number; copied: number; copiedBytes: number },
  size: number,
  isNew: boolean,
): void {
  sum.blobs += 1
  sum.bytes += size
  if (!isNew) return
  sum.copied += 1
  sum.copiedBytes += size
}
