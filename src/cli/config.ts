import { configFile, type LoadedConfig, loadConfig } from '../config/load.ts'
import { ConfigError, renderProblem } from '../config/problem.ts'
import { renderConfig } from '../config/show.ts'
import type { Arguments } from './arguments.ts'
import { CommandError, EXIT } from './exit.ts'

/** Loads the configuration. Throws ConfigError. */
export function readConfig(file: string | undefined): LoadedConfig {
  return loadConfig({ ...configFile(file, process.env), env: process.env })
}

/** Loads the configuration a command works with. Throws CommandError (exit 2) with every problem on a line of its own. */
export function requireConfig(file: string | undefined): LoadedConfig {
  try {
    return readConfig(file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CommandError(error.problems.map(renderProblem).join('\n'), EXIT.usage)
  }
}

/** `config check [FILE]`: every problem and warning, or "ok". */
export function checkConfig({ words, config }: Arguments): void {
  const loaded = requireConfig(words[2] ?? config)
  for (const warning of loaded.warnings) process.stderr.write(`${renderProblem(warning)}\n`)
  const { upstreams } = loaded.config
  process.stdout.write(
    `${loaded.fileExists ? loaded.file : 'no file, all defaults'}: ok, ${upstreams.length} upstreams\n`,
  )
}

/** `config show [FILE] [--origin]`: what is in effect, secrets masked. */
export function showConfig({ words, config, origin }: Arguments): void {
  process.stdout.write(renderConfig(requireConfig(words[2] ?? config), { origin }))
}
