import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Cleanup } from '../support/temp.ts'
import { ROOT } from './page.ts'

export interface Ended {
  readonly code: number | null
  readonly out: string
}

/** The files of this tree as somebody has them who has just cloned it. */
export interface Clone {
  readonly folder: string
  /** Runs a line of a shell there, with what lines before it exported. */
  run(line: string, typed?: string): Promise<Ended>
  /** The same on a terminal of 240 columns. */
  onTerminal(line: string): Promise<Ended>
  /** Starts what goes on; gives all it printed once that matches. It ends with the test. */
  start(line: string, until: RegExp): Promise<{ text(): string }>
}

export function makeClone(folder: string): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  for (const file of files.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(ROOT, file), join(folder, file))
  }
  // In place of `npm ci`, which would ask the npm registry; the packages are those of the same lock file.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

/** Sets a key of the shipped config.toml as a person does: the "# " before it goes. */
export function setKey(folder: string, key: { section: string; name: string; value: string }): void {
  const file = join(folder, 'config.toml')
  const text = readFileSync(file, 'utf8')
  const start = text.indexOf(`\n[${key.section}]`)
  const at = text.indexOf(`\n# ${key.name} =`, start)
  if (start === -1 || at === -1) throw new Error(`config.toml has no ${key.section}.${key.name}`)
  const end = text.indexOf('\n', at + 1)
  writeFileSync(file, `${text.slice(0, at)}\n${key.name} = ${key.value}${text.slice(end)}`)
}

export function openClone(t: Cleanup, folder: string, more: Readonly<Record<string, string>> = {}): Clone {
  const home = join(folder, '..', 'home')
  mkdirSync(home, { recursive: true })
  // curl says what went wrong, and exits with it.
  writeFileSync(join(home, '.curlrc'), 'fail\nsilent\nshow-error\n')
  const env = {
    PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    npm_config_update_notifier: 'false',
    npm_config_offline: 'true',
    // Whatever Node is started stays on this machine, too.
    NODE_OPTIONS: `--import ${join(ROOT, 'test', 'support', 'no-network.ts')}`,
    ...more,
  }
  const exported: string[] = []
  const bash = async (line: string, typed = ''): Promise<Ended> => {
    const script = [...exported, line].join('\n')
    const child = spawn('bash', ['-o', 'pipefail', '-c', script], { cwd: folder, env })
    let out = ''
    const collect = (chunk: Buffer): void => void (out += chunk.toString('utf8'))
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.stdin.on('error', () => undefined)
    child.stdin.end(typed)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, out }
  }
  return {
    folder,
    run: async (line, typed) => {
      if (line.startsWith('export ')) exported.push(line)
      return bash(line, typed)
    },
    onTerminal: (line) => bash(`script -qec ${quoted(`stty cols 240; ${line}`)} /dev/null < /dev/null`),
    start: (line, until) => goOn(t, { line, until, folder, env }),
  }
}

async function goOn(
  t: Cleanup,
  { line, until, folder, env }: { line: string; until: RegExp; folder: string; env: NodeJS.ProcessEnv },
): Promise<{ text(): string }> {
  // A group of its own: npm, its shell and the server end together.
  const child = spawn('bash', ['-c', line], { cwd: folder, env, detached: true })
  const closed = once(child, 'close')
  t.after(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await closed
  })
  let text = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const collect = (chunk: Buffer): void => {
    text += chunk.toString('utf8')
    if (until.test(text)) resolve()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  void closed.then(() => reject(new Error(`"${line}" ended: ${text}`)))
  await promise
  return { text: () => text }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
