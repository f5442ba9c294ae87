import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { GitConfig } from '../../config/file-config.ts'
import { SECOND } from '../../domain/clock.ts'
import { type Check, here } from './check.ts'

/** What serves mirrors to clients of version 0 and 2 has all of its options since then. */
const LEAST = [2, 34] as const
const PATIENCE = 5 * SECOND

/** Whether the git program can keep mirrors; nothing where none are kept. */
export async function checkGit({ enabled, git }: Pick<GitConfig, 'enabled' | 'git'>): Promise<Check[]> {
  if (!enabled) return []
  const name = 'git'
  const version = await versionOf(git)
  if (version === undefined) {
    const detail = `${git} cannot be run: clones pass by without a mirror`
    const advice = 'install git, set git.git, or git.enabled = false'
    return [here({ name, state: 'warn', detail, advice })]
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])
  if (!isOld) return [here({ name, state: 'ok', detail: `version ${version}` })]
  const detail = `version ${version}, too old to serve mirrors`
  return [here({ name, state: 'warn', detail, advice: `git ${LEAST.join('.')} or newer` })]
}

/** "2.39.5"; undefined where it is none, or does not answer. */
async function versionOf(program: string): Promise<string | undefined> {
  try {
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' }
    const { stdout } = await promisify(execFile)(program, ['--version'], { env, timeout: PATIENCE })
    return /\b(\d+\.\d+(?:\.\d+)*)/.exec(stdout)?.[1]
  } catch {
    return undefined
  }
}
