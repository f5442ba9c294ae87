import { isDeepStrictEqual } from 'node:util'
import type { Log } from '../domain/log.ts'
import { freeze } from './build.ts'
import type { Config } from './config.ts'
import type { LoadedConfig } from './load.ts'
import { ConfigError, isError, type Problem, renderProblem } from './problem.ts'

export interface ReloadOptions {
  /** What the process started with. */
  readonly initial: LoadedConfig
  /** Reads the file again; throws ConfigError when it is broken. */
  readonly load: () => LoadedConfig
  /** Puts a new configuration to work. */
  readonly apply: (loaded: LoadedConfig) => void | Promise<void>
  /** Hears of every attempt: whether the file is in use now, or was refused. */
  readonly tell?: (outcome: 'ok' | 'refused', file: string) => void
  readonly log: Log
}

export interface Reload {
  /** Reads and applies once, after any reload that is running. Never rejects: what goes wrong is logged. */
  reload(): Promise<void>
  /** The configuration at work. */
  current(): LoadedConfig
}

/**
 * Exchanges the configuration of a running process. A broken file keeps the old one and says why; server.listen and
 * storage.path keep their first values, with a warning when the file names others.
 */
export function createReload({ initial, load, apply, tell, log }: ReloadOptions): Reload {
  let current = initial
  let running = Promise.resolve()

  const once = async (): Promise<void> => {
    const loaded = loadOrExplain(load, log)
    if (loaded === undefined) return tell?.('refused', current.file)
    for (const problem of loaded.warnings) logProblem(log, problem)
    const next = withFixedParts(loaded, current.config, log)
    if (isDeepStrictEqual(next.config, current.config)) {
      current = next
      log.info({ file: next.file }, 'configuration read again, nothing changed')
      return
    }
    await apply(next)
    current = next
    tell?.('ok', next.file)
    log.info({ file: next.file }, 'configuration reloaded')
  }

  const reload = (): Promise<void> => {
    running = running.then(once).catch((error: unknown) => {
      log.error({ err: error }, 'the new configuration could not be applied')
    })
    return running
  }
  return { reload, current: () => current }
}

function loadOrExplain(load: () => LoadedConfig, log: Log): LoadedConfig | undefined {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) logProblem(log, problem)
    log.error({ problems: error.problems.length }, 'the configuration has errors, the old one stays in use')
    return undefined
  }
}

function logProblem(log: Log, problem: Problem): void {
  if (isError(problem)) log.error({ problem }, renderProblem(problem))
  else log.warn({ problem }, renderProblem(problem))
}

/** The new configuration with those parts of the old one that only a restart can change. */
function withFixedParts(loaded: LoadedConfig, old: Config, log: Log): LoadedConfig {
  const { server, storage } = loaded.config
  const warn = (key: string) => log.warn({ key }, `${key} changed: restart to use the new value`)
  if (!isDeepStrictEqual(server.listen, old.server.listen)) warn('server.listen')
  if (storage.path !== old.storage.path) warn('storage.path')
  const config: Config = {
    ...loaded.config,
    server: { ...server, listen: old.server.listen },
    storage: { ...storage, path: old.storage.path },
  }
  return freeze({ ...loaded, config })
}
