import { configFile, type LoadedConfig, loadConfig } from '../config/load.ts'
import { ConfigError, renderProblem } from '../config/problem.ts'
import type { Context } from './context.ts'
import { ConfigProblems } from './exit.ts'

/** Loads the configuration. Throws ConfigError. */
export function readConfig(file: string | undefined): LoadedConfig {
  return loadConfig({ ...configFile(file, process.env), env: process.env })
}

/** Loads the configuration a command works with. Throws CommandError (exit 2) with every problem on a line of its own. */
export function requireConfig({ flags }: Pick<Context, 'flags'>, file = flags.text('config')): LoadedConfig {
  try {
    return readConfig(file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigProblems(error.problems.map(renderProblem))
  }
}
