import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findBinary } from './process.ts'

/** Where our own is, or would be. */
export const HF_PYTHON_HOME = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'hf-python')
const REQUIREMENT = 'huggingface_hub>=1,<3'
const MINUTE = 60_000
/** For so long nobody tries again what did not work: waiting for an index that is out of reach takes time. */
const PATIENCE = 24 * 60 * MINUTE

/**
 * A Python that has huggingface_hub: the one in HF_PYTHON, else one of our own, made once. Packages come from wherever
 * pip is set up to take them. Undefined where there are none to be had; never throws.
 */
export function prepareHfPython(home = HF_PYTHON_HOME, now = Date.now()): string | undefined {
  const named = process.env['HF_PYTHON']
  if (named !== undefined) return named
  const python = join(home, 'bin', 'python')
  if (hasHub(python)) return python
  const failure = `${home}.failed`
  if (existsSync(failure) && now - statSync(failure).mtimeMs < PATIENCE) return undefined
  try {
    make(home, python)
    rmSync(failure, { force: true })
    return python
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    note(failure, error)
    return undefined
  }
}

function hasHub(python: string): boolean {
  if (!existsSync(python)) return false
  return spawnSync(python, ['-c', 'import huggingface_hub'], { stdio: 'ignore' }).status === 0
}

function make(home: string, python: string): void {
  const base = findBinary('python3')
  if (base === undefined) throw new Error('there is no python3')
  rmSync(home, { recursive: true, force: true })
  mkdirSync(dirname(home), { recursive: true })
  run(base, ['-m', 'venv', home], MINUTE)
  const quiet = ['--quiet', '--no-input', '--disable-pip-version-check']
  // Where there is no way to an index, that is known at once.
  const patience = ['--retries', '0', '--timeout', '15']
  run(python, ['-m', 'pip', 'install', ...quiet, ...patience, REQUIREMENT], 5 * MINUTE)
  if (!hasHub(python)) throw new Error('huggingface_hub cannot be imported')
}

function run(program: string, args: readonly string[], timeout: number): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout })
  if (status !== 0) throw new Error(stderr || String(error ?? `${program} failed`))
}

function note(file: string, error: unknown): void {
  try {
    writeFileSync(file, error instanceof Error ? error.message : String(error))
  } catch {
    // Then it is tried again next time.
  }
}
