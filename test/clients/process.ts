import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The system's own folders come first, so every machine tests the distribution's clients. */
const BINARY_DIRS = [
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  ...(process.env['PATH'] ?? '').split(delimiter),
]

/** Set where every client is known to be installed, so that none is skipped unnoticed. */
export const CLIENTS_REQUIRED = process.env['REQUIRE_CLIENTS'] === '1'

/** Absolute path of a program, or undefined when this machine does not have it. */
export function findBinary(name: string): string | undefined {
  return BINARY_DIRS.map((dir) => join(dir, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first of these programs that is not here, as a reason to skip a test; false when all are. */
export function missing(...names: string[]): string | false {
  if (CLIENTS_REQUIRED) return false
  const name = names.find((candidate) => findBinary(candidate) === undefined)
  return name === undefined ? false : `${name} is not installed`
}

/** As `missing`, for clients that mount and so need root. */
export function missingOrNotRoot(...names: string[]): string | false {
  const lacking = missing(...names)
  if (lacking !== false || CLIENTS_REQUIRED) return lacking
  return process.getuid?.() === 0 ? false : `${names[0]} needs root here`
}

export interface RunOptions {
  readonly env?: Record<string, string>
  readonly input?: Uint8Array
  /** Milliseconds after which the program is killed. */
  readonly timeout?: number
}

/** Runs a program to its end and gives its stdout; throws with both its outputs when it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Buffer> {
  const path = findBinary(command) ?? command
  const child = spawn(path, args, {
    ...(options.env === undefined ? {} : { env: options.env }),
    timeout: options.timeout ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A program that fails early closes its stdin; its exit code says why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.once('error', reject)
  child.once('close', (code, signal) => resolve(signal ?? String(code)))
  const ended = await promise
  if (ended === '0') return Buffer.concat(stdout)
  throw new Error(
    `${command} ${args.join(' ')} ended with ${ended}\n${Buffer.concat([...stdout, ...stderr]).toString()}`,
  )
}

export interface Daemon {
  /** Everything it has printed so far. */
  log(): string
  readonly exited: boolean
  /** SIGTERM, and SIGKILL when that was not enough after `grace` milliseconds. */
  stop(grace?: number): Promise<void>
}

const children = new Set<ChildProcess>()

function terminateAll(): void {
  for (const child of children) child.kill('SIGTERM')
}

// A test process that is ended early must not leave servers behind.
process.once('exit', terminateAll)
process.once('SIGTERM', () => process.exit(143))
process.once('SIGINT', () => process.exit(130))

/** Starts a program that runs until it is stopped. */
export function startDaemon(command: string, args: readonly string[], env?: Record<string, string>): Daemon {
  const child = spawn(findBinary(command) ?? command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env }),
  })
  let log = ''
  let exited = false
  const append = (chunk: Buffer): void => {
    log += chunk.toString()
  }
  child.stdout.on('data', append)
  child.stderr.on('data', append)
  const { promise: end, resolve } = Promise.withResolvers<void>()
  const finish = (why: string): void => {
    log += `\n[ended: ${why}]\n`
    exited = true
    children.delete(child)
    resolve()
  }
  child.once('error', (error) => finish(error.message))
  child.once('exit', (code, signal) => finish(signal ?? String(code)))
  children.add(child)
  return {
    log: () => log,
    get exited() {
      return exited
    },
    async stop(grace = 20_000) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), grace)
      if (!exited) await end
      clearTimeout(timer)
    },
  }
}

/** Waits until the daemon answers; stops it and throws its log when it ends first or takes longer than `limit` ms. */
export async function waitUntilReady(
  daemon: Daemon,
  probe: () => Promise<unknown>,
  limit = 30_000,
): Promise<void> {
  const deadline = Date.now() + limit
  while (!(await succeeds(probe))) {
    if (daemon.exited) throw new Error(`it ended before it was ready\n${daemon.log()}`)
    if (Date.now() > deadline) {
      await daemon.stop()
      throw new Error(`not ready after ${limit} ms\n${daemon.log()}`)
    }
    await sleep(50)
  }
}

async function succeeds(probe: () => Promise<unknown>): Promise<boolean> {
  try {
    await probe()
    return true
  } catch {
    return false
  }
}

/** Throws unless a GET of this address is answered with 200. */
export async function probeHttp(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
  await response.body?.cancel()
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}`)
}

/** A port of loopback nobody listens on now. */
export async function findPort(): Promise<number> {
  const server = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return await promise
}
