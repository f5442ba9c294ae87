import type { Path } from './positions.ts'
import type { Settings } from './schema.ts'
import type { SecretsAt } from './secrets.ts'

export interface BuildOptions {
  readonly settings: Settings
  readonly secretsAt: SecretsAt
  /** The absolute path of a file that the key at `path` names. */
  readonly resolve: (path: Path, file: string) => string
}

/** A bare name is looked up on PATH like in a shell. */
export function programAt({ resolve }: Pick<BuildOptions, 'resolve'>, path: Path, program: string): string {
  return program.includes('/') ? resolve(path, program) : program
}
