import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cleanup, tempDir } from './temp.ts'

export interface GitRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** git with nothing of this machine's configuration. */
function environment(home: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
    ...more,
  }
}

function run(cwd: string, args: readonly string[], env: Record<string, string>): Promise<GitRun> {
  return new Promise((resolve) => {
    execFile('git', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err }),
    )
  })
}

/** A git command that has to succeed; gives what it printed. */
export async function runGit(cwd: string, ...args: string[]): Promise<string> {
  const { code, out, err } = await run(cwd, args, environment(cwd))
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${err}`)
  return out
}

/** Somebody who clones from github.com through a cache. */
export interface GitClient {
  readonly work: string
  run(...args: string[]): Promise<GitRun>
  /** In a folder below `work`. */
  in(folder: string, ...args: string[]): Promise<GitRun>
}

/** `cache`: its origin. `version`: of the protocol. */
export async function openGitClient(
  t: Cleanup,
  options: { readonly cache: string; readonly version?: 0 | 2; readonly env?: Record<string, string> },
): Promise<GitClient> {
  const folder = await tempDir(t, 'git-client-')
  const work = join(folder, 'work')
  await mkdir(work)
  const settings = [
    '-c',
    `url.${options.cache}/https://github.com/.insteadOf=https://github.com/`,
    '-c',
    `protocol.version=${options.version ?? 2}`,
  ]
  const env = environment(folder, options.env)
  return {
    work,
    run: (...args) => run(work, [...settings, ...args], env),
    in: (place, ...args) => run(join(work, place), [...settings, ...args], env),
  }
}
