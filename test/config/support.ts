import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Environment } from '../../src/config/environment.ts'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { ConfigError, type Problem } from '../../src/config/problem.ts'

/** A temporary folder with these files (mode 600), gone after the test. */
export function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cachalot-config-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    chmodSync(file, 0o600)
  }
  return folder
}

/** Loads this text as a file of its own. */
export function load(t: TestContext, toml: string, env: Environment = {}): LoadedConfig {
  return loadConfig({ file: join(folderOf(t, { 'config.toml': toml }), 'config.toml'), env })
}

/** What loading this text complains about, errors only; fails when it loads. */
export function problemsOf(t: TestContext, toml: string, env: Environment = {}): readonly Problem[] {
  return problemsIn(() => load(t, toml, env))
}

export function problemsIn(action: () => unknown): readonly Problem[] {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return assert.fail('it loads')
}

/** "line path message", easier to compare; `-` where there is no line. */
export function brief(problems: readonly Problem[]): string[] {
  return problems.map(({ line, path, message }) => `${line ?? '-'} ${path} ${message}`)
}
