import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'

export interface WatchOptions {
  readonly file: string
  /** Called after the file has another content; not while it is missing. */
  readonly onChange: () => void
  /** Ends the watching. */
  readonly signal: AbortSignal
  /** Milliseconds of quiet after a change before it counts; 200. */
  readonly quiet?: number
  /** Milliseconds between looks where the system does not tell (network and overlay file systems); 2,000. */
  readonly pollEvery?: number
}

/**
 * Tells when a file was changed or replaced by another one of that name, as many editors do. Watches its folder,
 * since a watch on the file itself would follow the old one. Keeps no process alive. The first look is over when
 * the promise resolves: what changes later is told.
 */
export async function watchConfig(options: WatchOptions): Promise<void> {
  const file = resolve(options.file)
  const { onChange, signal, quiet = 200, pollEvery = 2000 } = options
  let seen = await fingerprint(file)
  let settling: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    const now = await fingerprint(file)
    if (signal.aborted || now === undefined || now === seen) return
    seen = now
    onChange()
  }
  const lookSoon = (): void => {
    if (settling !== undefined) clearTimeout(settling)
    settling = setTimeout(() => void look(), quiet).unref()
  }
  if (signal.aborted) return
  const stopWatching = watchFolder(file, lookSoon)
  const compare = async (): Promise<void> => {
    const now = await fingerprint(file)
    if (!signal.aborted && now !== undefined && now !== seen) lookSoon()
  }
  const poll = setInterval(() => void compare(), pollEvery).unref()
  signal.addEventListener('abort', () => {
    stopWatching()
    clearInterval(poll)
    if (settling !== undefined) clearTimeout(settling)
  })
}

/** Calls back on everything that may concern the file; silently does nothing where watching is not possible. */
function watchFolder(file: string, onEvent: () => void): () => void {
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      // Kubernetes swaps a folder that the file is a link into, under names that start with dots.
      if (name === null || name === basename(file) || name.startsWith('..')) onEvent()
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // No folder, or no more watches to be had: polling goes on.
  }
  return () => watcher?.close()
}

/** Changes whenever the content may have; undefined while there is no file. */
async function fingerprint(file: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    // Whatever keeps us from looking, the old configuration stays until we can again.
    return undefined
  }
}
