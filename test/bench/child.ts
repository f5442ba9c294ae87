import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChildOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Its output goes to `log` in here. */
  readonly folder: string
  /** Beside our own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What must answer with 2xx or 3xx before the child counts as started. */
  readonly readyUrl: string
}

/** A process we started, and everything it started itself. */
export interface Child {
  readonly pid: number
  /** SIGTERM, and SIGKILL to the whole group after ten seconds. */
  stop(): Promise<void>
}

const running = new Set<number>()

process.on('exit', () => {
  for (const pid of running) killGroup(pid)
})

/** Starts a process in a group of its own and waits until it answers; throws with its last words if it ends. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const logPath = join(options.folder, 'log')
  const log = openSync(logPath, 'a')
  const env = { ...process.env, ...options.env }
  const child = spawn(options.command, options.args, { stdio: ['ignore', log, log], detached: true, env })
  closeSync(log)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`${options.command} cannot be executed`)
  running.add(pid)
  const stop = () => stopChild(child, pid, exited)
  try {
    await waitUntilReady(child, options.readyUrl)
  } catch (error) {
    await stop()
    throw new Error(`${String(error)}: ${lastWords(logPath)}`, { cause: error })
  }
  return { pid, stop }
}

async function stopChild(child: ChildProcess, pid: number, exited: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => killGroup(pid), 10_000)
  await exited
  clearTimeout(timer)
  killGroup(pid)
  running.delete(pid)
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // The usual case: nothing of the group is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function waitUntilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('ended at once')
    const status = await statusOf(url)
    if (status >= 200 && status < 400) return
    await sleep(50)
  }
  throw new Error(`no answer from ${url} in 20 s`)
}

/** 0 where nobody answers. Certificates are our own. */
function statusOf(url: string): Promise<number> {
  const ask = url.startsWith('https:') ? getSecurely : get
  return new Promise((resolve) => {
    const request = ask(url, { agent: false, rejectUnauthorized: false, timeout: 5000 }, (response) => {
      response.destroy()
      resolve(response.statusCode ?? 0)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(0))
  })
}

function lastWords(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trim().split('\n')
  const telling = lines.findLast((line) => /error|cannot|refused|must|unknown/i.test(line))
  return (telling ?? lines.at(-1) ?? '').trim().slice(0, 300)
}
