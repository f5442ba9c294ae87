import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { buildConfig, freeze } from './build.ts'
import { contradictionsIn } from './checks.ts'
import type { Config } from './config.ts'
import { type ConfigEntry, entriesOf } from './entries.ts'
import { applyEnvironment, type Environment } from './environment.ts'
import { readText } from './files.ts'
import { culpritsOf, findingsOf } from './issues.ts'
import { type Path, pathKey, positionsOf } from './positions.ts'
import { prefetchContradictionsIn } from './prefetch-checks.ts'
import { ConfigError, isError, type Problem } from './problem.ts'
import { configSchema, type Settings } from './schema.ts'
import { readSecrets } from './secrets.ts'
import { type Contradiction, type Finding, problemOf, type Source, variableOf } from './source.ts'
import { removeAt, setAt, type Tree, valueAt } from './tree.ts'

/** The file that is read when nobody names one. It may be missing: everything has a default. */
export const DEFAULT_FILE = 'config.toml'

export interface LoadOptions {
  /** Relative to the working folder. */
  readonly file: string
  readonly env: Environment
  /** Whether a missing file is a problem; by default so for every file but `config.toml`. */
  readonly mustExist?: boolean
}

/** A good configuration and what people may want to know about it. */
export interface LoadedConfig {
  readonly config: Config
  /** As it was named. */
  readonly file: string
  readonly fileExists: boolean
  readonly warnings: readonly Problem[]
  /** Every key with its value in effect and where that came from, without secrets. */
  readonly entries: readonly ConfigEntry[]
}

/** Which file to load: the one named by an argument, else by CACHALOT_CONFIG, else the default one. */
export function configFile(
  argument: string | undefined,
  env: Environment,
): { file: string; mustExist: boolean } {
  const named = argument ?? (env['CACHALOT_CONFIG'] || undefined)
  return { file: named ?? DEFAULT_FILE, mustExist: named !== undefined }
}

/**
 * Reads, checks and freezes the configuration; files named in it are read too, so call it again at every reload.
 * Relative paths in the file start at its folder, those of the environment at the working folder.
 * Throws ConfigError with all problems at once; of a file that is no TOML only the first.
 */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const { toml, fileExists } = readToml(options)
  const tree = parseToml(toml, options.file)
  const overrides = applyEnvironment(tree, options.env)
  const source: Source = {
    file: options.file,
    positions: positionsOf(toml),
    tree,
    variables: overrides.variables,
  }
  const { settings, findings, broken } = judge(tree)
  const resolvePath = resolverOf(source)
  const read = readSecrets({
    settings,
    fromEnvironment: overrides.secrets,
    resolve: resolvePath,
  })
  const contradictions = [
    ...contradictionsIn(settings, source),
    ...prefetchContradictionsIn(settings, resolvePath),
  ]
  const derived = [...contradictions, ...read.findings].filter((one) => isSound(one, broken))
  const located = [...findings, ...derived].map((finding) => problemOf(source, finding))
  const problems = inOrder([...located, ...overrides.problems])
  if (problems.some(isError)) throw new ConfigError(problems)
  return freeze({
    config: buildConfig({ settings, secretsAt: read.secretsAt, resolve: resolvePath }),
    file: options.file,
    fileExists,
    warnings: problems,
    entries: entriesOf(source, settings),
  })
}

function readToml(options: LoadOptions): { toml: string; fileExists: boolean } {
  const read = readText(options.file)
  if ('text' in read) return { toml: read.text.replace(/^\uFEFF/, ''), fileExists: true }
  const mustExist = options.mustExist ?? options.file !== DEFAULT_FILE
  if (read.missing && !mustExist) return { toml: '', fileExists: false }
  throw new ConfigError([{ file: options.file, path: '', message: read.trouble }])
}

function parseToml(toml: string, file: string): Tree {
  try {
    return parse(toml, { unsafeKeyBehaviour: 'throw', maxDepth: 100 })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // The rest of the message is an excerpt of the file, which may hold a secret.
    const [first = ''] = error.message.split('\n')
    const message = first.replace(/^Invalid TOML document: /, 'not valid TOML: ')
    throw new ConfigError([{ file, line: error.line, column: error.column, path: '', message }])
  }
}

interface Judgement {
  readonly settings: Settings
  readonly findings: readonly Finding[]
  /** Keys of paths whose values were replaced by defaults. */
  readonly broken: ReadonlySet<string>
}

/** The schema's view. What it refuses is put aside, so that the rest can be checked in the same run. */
function judge(tree: Tree): Judgement {
  const rest = structuredClone(tree)
  applyDependentDefaults(tree, rest)
  const findings: Finding[] = []
  const broken = new Set<string>()
  for (;;) {
    const result = configSchema.safeParse(rest)
    if (result.success) return { settings: result.data, findings, broken }
    findings.push(...findingsOf(result.error.issues, rest))
    const before = broken.size
    for (const path of culpritsOf(result.error.issues)) {
      removeAt(rest, path)
      broken.add(pathKey(path))
    }
    if (broken.size === before) throw new Error('the schema refuses its own defaults')
  }
}

/** With users there is no need to trust addresses: who has a password file, and says nothing else, wants logins. */
function applyDependentDefaults(tree: Tree, rest: Tree): void {
  const htpasswd = valueAt(tree, ['auth', 'htpasswd'])
  if ((htpasswd ?? '') === '' || valueAt(tree, ['auth', 'anonymous_pull']) !== undefined) return
  for (const target of [tree, rest]) setAt(target, ['auth', 'anonymous_pull'], 'none')
}

/** Whether nothing it was drawn from had been put aside. */
function isSound({ path, from = [] }: Contradiction, broken: ReadonlySet<string>): boolean {
  return ![path, ...from].some((one) => one.some((_, index) => broken.has(pathKey(one.slice(0, index + 1)))))
}

function resolverOf(source: Source): (path: Path, file: string) => string {
  const folder = dirname(resolve(source.file))
  return (path, file) => (variableOf(source, path) === undefined ? resolve(folder, file) : resolve(file))
}

function inOrder(problems: readonly Problem[]): Problem[] {
  const rank = ({ line, file }: Problem) => line ?? (file === 'environment' ? Infinity : 0)
  return problems.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
}
