import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import { run } from './process.ts'

/** Pull keys of a running cache, made and taken back by the commands for it. */
export interface KeyCommands {
  /** Gives the secret. */
  add(name: string): Promise<string>
  revoke(name: string): Promise<void>
  /** All that were made. */
  readonly secrets: readonly string[]
}

export interface KeyCommandsOptions {
  /** Existing folder for their configuration. */
  readonly dir: string
  /** Of the running cache. */
  readonly dataDir: string
}

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

export async function createKeyCommands({ dir, dataDir }: KeyCommandsOptions): Promise<KeyCommands> {
  const secrets: string[] = []
  const file = join(dir, 'keys.toml')
  await writeFile(file, stringify({ storage: { path: dataDir } }))
  // Settings in this shell's environment would override the file.
  const env = { PATH: process.env['PATH'] ?? '' }
  const cachalot = (...args: string[]): Promise<Buffer> =>
    run(process.execPath, [MAIN, ...args, '--config', file], { env })
  return {
    secrets,
    async add(name) {
      const stdout = await cachalot('key', 'add', name, '--json')
      // As the command writes it.
      const { secret } = JSON.parse(stdout.toString()) as { secret: string }
      secrets.push(secret)
      return secret
    },
    revoke: async (name) => void (await cachalot('key', 'rm', name)),
  }
}
