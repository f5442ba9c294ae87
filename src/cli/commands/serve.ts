import type { App } from '../../app.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { renderProblem } from '../../config/problem.ts'
import { createReload } from '../../config/reload.ts'
import { watchConfig } from '../../config/watch.ts'
import { VERSION } from '../../domain/version.ts'
import type { OpenLog } from '../../observe/log.ts'
import { banner } from '../banner.ts'
import type { Command } from '../command.ts'
import { readConfig, requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit.ts'

/** `serve`: runs until a signal ends it. A second signal ends it at once. */
export const serve: Command = {
  name: 'serve',
  group: 'run the cache',
  summary: 'run the cache',
  flags: {},
  signals: 'own',
  examples: ['serve', 'serve --config /etc/cachalot/config.toml'],
  run: runServer,
}

async function runServer({ flags }: Context): Promise<void> {
  const loaded = requireConfig({ flags })
  for (const warning of loaded.warnings) process.stderr.write(`${renderProblem(warning)}\n`)
  // Only here, so that the other commands start at once.
  const { createLog } = await import('../../observe/log.ts')
  const log = createLog(loaded.config.log)
  const read = { now: loaded }
  const app = await startOrExplain(read, log)
  process.stdout.write(`${await banner(app, loaded, VERSION)}\n`)
  const watching = new AbortController()
  reloadOnChange({ app, read, log, file: flags.text('config'), signal: watching.signal })
  const signal = await nextSignal()
  watching.abort()
  log.info({ event: 'stop', signal }, `${signal}: running answers get 30 s, a second signal ends them now`)
  void nextSignal().then(() => {
    log.flush()
    process.exit(1)
  })
  await app.close()
  log.info({ event: 'stopped' }, 'stopped')
  log.flush()
  process.exit(0)
}

/** The configuration as it was read last. */
interface Read {
  now: LoadedConfig
}

async function startOrExplain(read: Read, log: OpenLog): Promise<App> {
  try {
    const { startApp } = await import('../../app.ts')
    return await startApp(read.now.config, { log, effective: () => read.now })
  } catch (error) {
    log.flush()
    throw new CommandError(explain(error, read.now))
  }
}

/** Why it does not start, and what to do, in words. */
function explain(error: unknown, { config }: LoadedConfig): string {
  const { host, port } = config.server.listen
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use by another program; choose another one with server.listen`
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine; see server.listen`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EEXIST':
    case 'ENOTDIR':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
      return port < 1024 && message.includes('listen')
        ? `port ${port} needs privileges; choose one above 1023 with server.listen`
        : `the data folder ${config.storage.path} cannot be made or written (${message}); see storage.path`
    default:
      return message ?? String(error)
  }
}

interface ReloadAsk {
  readonly app: App
  readonly read: Read
  readonly log: OpenLog
  readonly file: string | undefined
  readonly signal: AbortSignal
}

/** SIGHUP and a changed file bring the new configuration to work. */
function reloadOnChange({ app, read, log, file, signal }: ReloadAsk): void {
  const { reload } = createReload({
    initial: read.now,
    load: () => readConfig(file),
    apply: (next) => {
      log.setLevel(next.config.log.level)
      app.update(next.config)
      read.now = next
    },
    tell: app.noteReload,
    log,
  })
  process.on('SIGHUP', () => void reload())
  void watchConfig({ file: read.now.file, onChange: () => void reload(), signal })
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}
