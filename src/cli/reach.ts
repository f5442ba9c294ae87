import { once } from 'node:events'
import { statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ApiClient, connectApi } from '../api/client.ts'
import { socketAddress, socketFile } from '../api/socket.ts'
import type { App } from '../app.ts'
import type { Config } from '../config/config.ts'
import { requireConfig } from './config.ts'
import type { Context } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { createNoteLog } from './note-log.ts'

/** The API of a data folder: that of the server that runs on it, or of an engine in this process. */
export interface Reached {
  readonly api: ApiClient
  readonly config: Config
  /** Whether somebody goes on looking after the folder when this command has ended. */
  readonly isServed: boolean
}

export interface ReachOptions {
  /** Whether a data folder may be made: only for what brings content. */
  readonly create?: boolean
}

const TRIES = 8
const BETWEEN_TRIES = 250

interface Open {
  readonly api: ApiClient
  readonly isServed: boolean
  close(): Promise<void>
}

/**
 * Gives the API to `use` and puts everything back afterwards. Throws CommandError: 4 where there is no data folder,
 * 5 where another process holds it without answering, 7 where its socket may not be used.
 */
export async function withApi<T>(
  context: Context,
  use: (reached: Reached) => Promise<T>,
  options: ReachOptions = {},
): Promise<T> {
  const { config } = requireConfig(context)
  const folder = config.storage.path
  if (options.create !== true) requireData(folder)
  const open = await openEither(config, context)
  try {
    return await use({ api: open.api, config, isServed: open.isServed })
  } finally {
    await open.close()
  }
}

/** A command or server that starts or ends holds the folder for a moment without answering: that is waited for. */
async function openEither(config: Config, context: Context): Promise<Open> {
  const folder = config.storage.path
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await delay(BETWEEN_TRIES, undefined, { signal: context.signal })
    const open = (await openSocket(folder, context)) ?? (await openEngine(config, context))
    if (open !== undefined) return open
  }
  const what = `${folder} is in use by another process that does not answer`
  throw new CommandError({ what, hint: 'again when that process has ended' }, EXIT.busy)
}

/** A reading command must not leave a new data folder behind where the path was mistyped. */
function requireData(folder: string): void {
  if (isThere(join(folder, 'cachalot.db')) || isThere(join(folder, 'blobs'))) return
  const what = isThere(folder) ? `${folder} holds no cache` : `there is no data folder ${folder}`
  throw new CommandError({ what, hint: 'see storage.path and --config' }, EXIT.notFound)
}

/** Throws CommandError where this user may not even look. */
function isThere(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    // Errors of the file system carry a code.
    const { code = '' } = error as NodeJS.ErrnoException
    if (isDenial(code)) throw denied(path, code)
    return false
  }
}

function isDenial(code: string): boolean {
  return code === 'EACCES' || code === 'EPERM'
}

function denied(path: string, why: string): CommandError {
  return new CommandError(
    { what: `${path} may not be used`, why, hint: 'as the user who runs the server' },
    EXIT.auth,
  )
}

/** The API of a running server; undefined where none listens. */
async function openSocket(folder: string, context: Context): Promise<Open | undefined> {
  if (!isThere(folder)) return undefined
  const address = socketAddress(folder)
  const trouble = await knock(address.path)
  if (trouble === undefined) {
    context.detail(`via server at ${socketFile(folder)}`)
    return { api: connectApi(address.path), isServed: true, close: async () => address.release() }
  }
  address.release()
  if (trouble === 'ENOENT' || trouble === 'ECONNREFUSED') return undefined
  if (isDenial(trouble)) throw denied(socketFile(folder), trouble)
  throw new CommandError({ what: `${socketFile(folder)} does not answer`, why: trouble })
}

/** Undefined when somebody listens, else the code of what is wrong. */
async function knock(path: string): Promise<string | undefined> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return undefined
  } catch (error) {
    // Errors of a socket carry a code.
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  } finally {
    socket.destroy()
  }
}

/**
 * The engine in this process, without a listener for clients; it offers the same socket for as long as it runs.
 * Undefined where another process holds the folder.
 */
async function openEngine(config: Config, context: Context): Promise<Open | undefined> {
  const app = await startEngine(config, context)
  const open = app.ownsData
    ? await openSocket(config.storage.path, { ...context, detail: () => undefined })
    : undefined
  if (open === undefined) {
    await app.close(0)
    return undefined
  }
  context.detail(`no server runs on ${config.storage.path}: working on it directly`)
  return {
    api: open.api,
    isServed: false,
    close: async () => {
      await open.close()
      await app.close()
    },
  }
}

async function startEngine(config: Config, context: Context): Promise<App> {
  try {
    // Only here: most commands find a server and need nothing of the engine.
    const { startApp } = await import('../app.ts')
    return await startApp(config, { log: createNoteLog(context.detail), listen: 'local' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (isDenial(code ?? '') || code === 'SQLITE_READONLY') throw denied(config.storage.path, message)
    throw new CommandError(
      { what: `the data folder ${config.storage.path} cannot be opened`, why: message },
      code === 'SQLITE_BUSY' ? EXIT.busy : EXIT.failed,
    )
  }
}
