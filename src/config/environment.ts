import { keyAt, TABLES } from './keys.ts'
import { closest } from './locate.ts'
import { nameIn, variableName } from './names.ts'
import { type Path, pathKey } from './positions.ts'
import { type Problem, quote } from './problem.ts'
import { secretKeyOf } from './secret-keys.ts'
import { SHIPPED_GO_UPSTREAMS, SHIPPED_UPSTREAMS } from './shipped.ts'
import { setAt, type Tree, valueAt } from './tree.ts'
import type { Plain, Shape } from './values.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Problems and values of the environment. */
export interface Overrides {
  readonly problems: readonly Problem[]
  /** Names of variables by the key of the path they set; secrets have paths such as `upstream, n, password`. */
  readonly variables: ReadonlyMap<string, string>
  /** Secrets by the key of the same path. They never enter the tree. */
  readonly secrets: ReadonlyMap<string, string>
}

const PREFIX = 'CACHALOT_'

const SHIPPED: readonly (readonly [path: Path, tables: unknown])[] = [
  [['upstream'], SHIPPED_UPSTREAMS],
  [['go', 'upstream'], SHIPPED_GO_UPSTREAMS],
]

/**
 * Lays every `CACHALOT_TABLE__KEY` over the tree, in place. Lists are JSON or separated by commas. A variable with a
 * single underscore is not ours to judge: container platforms make some up (CACHALOT_PORT), the command line has its
 * own (CACHALOT_CONFIG).
 */
export function applyEnvironment(tree: Tree, env: Environment): Overrides {
  for (const [path, shipped] of SHIPPED)
    if (valueAt(tree, path) === undefined) setAt(tree, path, structuredClone(shipped))
  const problems: Problem[] = []
  const variables = new Map<string, string>()
  const secrets = new Map<string, string>()
  const known = knownVariables(tree)

  const use = (name: string, text: string): string | undefined => {
    const path = known.get(name)
    if (path === undefined) return explainUnknown(name, [...known.keys()])
    if (path === 'several') return 'means more than one upstream; use the file'
    if (path.at(-1) === secretKeyOf(path.slice(0, -1))) {
      // Compose files pass unset variables on as empty ones; an empty password is none.
      if (text === '') return undefined
      secrets.set(pathKey(path), text)
    } else {
      const value = parseText(keyAt(path)?.shape ?? 'text', text)
      if (typeof value === 'object' && 'wrong' in value) return value.wrong
      setAt(tree, path, value)
    }
    variables.set(pathKey(path), name)
    return undefined
  }

  for (const name of Object.keys(env).sort()) {
    const text = env[name]
    if (text === undefined || !name.startsWith(PREFIX)) continue
    const message = name.includes('__') ? use(name, text) : undefined
    if (message !== undefined) problems.push({ file: 'environment', path: name, message })
    if (!name.includes('__')) problems.push(...missedUnderscore(name, [...known.keys()]))
  }
  return { problems, variables, secrets }
}

/** Every variable that means something beside this tree, with the path it sets. */
function knownVariables(tree: Tree): Map<string, Path | 'several'> {
  const known = new Map<string, Path | 'several'>()
  for (const table of TABLES) {
    const homes = table.many
      ? namedAmong(table.path, tree)
      : [{ variable: table.path.join('__'), path: table.path }]
    const secret = secretKeyOf(table.path)
    for (const { variable, path } of homes) {
      for (const key of [...table.keys.keys(), ...(secret === undefined ? [] : [secret])]) {
        const name = PREFIX + `${variable}__${variableName(key)}`.toUpperCase()
        known.set(name, known.has(name) ? 'several' : [...path, key])
      }
    }
  }
  return known
}

/** Only upstreams have names; other lists of tables cannot be reached from the environment. */
function namedAmong(path: readonly string[], tree: Tree): { variable: string; path: Path }[] {
  const list = valueAt(tree, path)
  if (!Array.isArray(list)) return []
  return list.flatMap((table, index) => {
    const name = nameIn(path, table)
    if (name === undefined) return []
    return [{ variable: `${path.join('__')}__${variableName(name)}`, path: [...path, index] }]
  })
}

function explainUnknown(name: string, known: readonly string[]): string {
  const list = /^CACHALOT_(RULE|PIN)__/.exec(name)?.[1]
  if (list !== undefined)
    return `cannot come from the environment; write [[${list.toLowerCase()}]] in the file`
  const upper = name.toUpperCase()
  const meant = known.includes(upper) ? upper : closest(name, known)
  return meant === undefined ? 'unknown variable' : `unknown variable; did you mean ${meant}?`
}

function missedUnderscore(name: string, known: readonly string[]): Problem[] {
  const meant = known.find((candidate) => candidate.replaceAll('__', '_') === name)
  const message = `is ignored; did you mean ${meant}?`
  return meant === undefined ? [] : [{ file: 'environment', path: name, message, severity: 'warning' }]
}

function parseText(shape: Shape, text: string): Plain | { wrong: string } {
  if (shape === 'list' || (shape === 'text or list' && /[,[]/.test(text))) return parseList(text)
  if (shape !== 'flag') return text
  return text === 'true' || text === 'false'
    ? text === 'true'
    : { wrong: `must be true or false (is ${quote(text)})` }
}

function parseList(text: string): readonly string[] | { wrong: string } {
  if (!text.trimStart().startsWith('[')) {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  const items = parseJson(text)
  const good = Array.isArray(items) && items.every((item) => typeof item === 'string')
  return good
    ? items
    : { wrong: `must be a JSON list of texts, or texts separated by commas (is ${quote(text)})` }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
