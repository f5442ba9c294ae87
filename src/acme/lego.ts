import { SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { argumentsFor, type Generation, generationOf } from './command.ts'
import type { Reason } from './decision.ts'
import { type Environment, legoEnvironment } from './environment.ts'
import type { AcmeFolder } from './folder.ts'
import { findPair, type Pair } from './pair.ts'
import { runProgram } from './program.ts'
import { saidIn } from './said.ts'
import type { AcmeSettings } from './settings.ts'

export interface LegoOptions {
  readonly settings: AcmeSettings
  readonly folder: AcmeFolder
  readonly environment: Environment
  /** Ends a lego that runs. */
  readonly signal: AbortSignal
  readonly log: Log
  /** Milliseconds a lego may run; ten minutes. */
  readonly timeout?: number | undefined
}

/** What came of asking lego for a certificate. */
export type Attempt =
  | { readonly kind: 'obtained'; readonly pair: Pair }
  /** The authority was, or may have been, asked. */
  | { readonly kind: 'failed'; readonly said: string }
  /** lego could not even be started; nobody was asked. */
  | { readonly kind: 'unable'; readonly said: string }

const HELP_WITHIN = 30 * SECOND

/** Asks lego for a certificate. Rejects only when `signal` ended it. */
export async function askLego(options: LegoOptions, why: Reason): Promise<Attempt> {
  const { settings, folder, signal } = options
  try {
    const { variables, secrets, warning } = legoEnvironment(
      options.environment,
      folder.root,
      settings.dnsEnvFile,
    )
    if (warning !== undefined) options.log.warn({ event: 'acme' }, warning)
    const run = { cwd: folder.root, env: variables, signal }
    const help = await runProgram(settings.lego, { ...run, args: ['run', '--help'], timeout: HELP_WITHIN })
    const generation = generationOf(help.output)
    if (generation === undefined) {
      return { kind: 'unable', said: `${settings.lego} does not answer to run --help as lego 4 or 5 do` }
    }
    return await obtain({ ...options, generation, why, env: variables, secrets })
  } catch (error) {
    if (signal.aborted) throw error
    return { kind: 'unable', said: explain(error, settings.lego) }
  }
}

type ObtainOptions = LegoOptions & {
  readonly generation: Generation
  readonly why: Reason
  readonly env: Record<string, string>
  readonly secrets: readonly string[]
}

async function obtain(options: ObtainOptions): Promise<Attempt> {
  const { settings, folder, generation, why, env, secrets, signal, timeout, log } = options
  const path = folder.legoPath(generation, settings.directory)
  const before = findPair(path, settings.domains)
  // The older command line renews only what it knows to be due; "run" asks for another one whatever there is.
  const isRenewal = before !== undefined && (generation === 5 || why === 'due')
  const errand = isRenewal ? 'renew' : 'issue'
  const args = argumentsFor({ settings, generation, errand, path, webroot: folder.webroot })
  log.info(
    { event: 'acme', generation, errand, why, names: settings.domains },
    'asking lego for a certificate',
  )
  const end = await runProgram(settings.lego, { args, cwd: folder.root, env, signal, timeout })
  signal.throwIfAborted()
  // A certificate may have been written whatever the exit code says.
  const pair = findPair(path, settings.domains)
  if (pair !== undefined && pair.fingerprint !== before?.fingerprint) return { kind: 'obtained', pair }
  const how = end.timedOut ? 'took too long and was ended' : `ended with ${end.code ?? 'a signal'}`
  return { kind: 'failed', said: `lego ${how}: ${saidIn(end.output, secrets) || 'without a word'}` }
}

function explain(error: unknown, lego: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return `there is no program ${lego}; install lego or set server.acme.lego`
  if (code === 'EACCES') return `${lego} may not be executed`
  return error instanceof Error ? error.message : String(error)
}
