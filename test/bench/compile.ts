import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installed } from './subjects.ts'

/** Path of the program of `<name>.c` in `folder`, compiled once; undefined where no C compiler makes it. */
export function compile(name: string, folder: string): string | undefined {
  const program = join(folder, name)
  if (existsSync(program)) return program
  if (!installed('cc')) return undefined
  const source = join(import.meta.dirname, `${name}.c`)
  const { status } = spawnSync('cc', ['-O2', '-pthread', '-o', program, source], { stdio: 'inherit' })
  return status === 0 ? program : undefined
}
