import type { z } from 'zod'
import { headerOf, keyAt, TABLES, type Table, tableAt } from './keys.ts'
import { closest } from './locate.ts'
import { secretVariable } from './names.ts'
import type { Path } from './positions.ts'
import { quote } from './problem.ts'
import { secretKeyOf } from './secret-keys.ts'
import type { Finding } from './source.ts'
import { type Tree, valueAt } from './tree.ts'
import type { KeyFacts, Plain, Shape } from './values.ts'

/** What the schema found in this tree, in words. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], tree: Tree): Finding[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], tree))
    if (issue.code === 'custom') return [{ path, message: issue.message }]
    return [{ path, message: wrongShape(path, valueAt(tree, path)) }]
  })
}

/** The keys to take away so that the rest can be looked at; each ends with the name of a key. */
export function culpritsOf(issues: readonly z.core.$ZodIssue[]): Path[] {
  return issues.flatMap((issue) => {
    const path = pathOf(issue)
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key])
    return [path.slice(0, path.findLastIndex((step) => typeof step === 'string') + 1)]
  })
}

/** Our trees have no symbols as keys. */
function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.filter((step) => typeof step !== 'symbol')
}

function unknownKey(path: Path, tree: Tree): Finding {
  const key = String(path.at(-1))
  const table = tableAt(path.slice(0, -1))
  if (table !== undefined && key === secretKeyOf(table.path)) {
    const variable = secretVariable(table.path, valueAt(tree, path.slice(0, -1)))
    return {
      path,
      message: `secrets do not stand in this file: put it into a file of its own and name that in ${key}_file, or set ${variable}`,
    }
  }
  const known = table === undefined ? [] : [...table.keys.keys(), ...table.tables]
  return { path, message: `unknown key${suggestion(key, known, table)}` }
}

function suggestion(key: string, known: readonly string[], here: Table | undefined): string {
  const elsewhere = TABLES.find((table) => table !== here && table.keys.has(key))
  if (elsewhere !== undefined) return `; it belongs to ${headerOf(elsewhere)}`
  const meant = closest(key, known)
  return meant === undefined ? `; known here: ${known.join(', ')}` : `; did you mean "${meant}"?`
}

function wrongShape(path: Path, value: unknown): string {
  const facts = keyAt(path)
  const is = `(is ${quote(value)})`
  if (facts === undefined) return wrongTable(path, is)
  if (typeof path.at(-1) === 'number') return `must hold only text in quotes ${is}`
  const musts: Record<Shape, string> = {
    text: `text in quotes${exampleOf(facts)}`,
    flag: 'true or false without quotes',
    list: `a list${exampleOf(facts)}`,
    'text or list': `text in quotes${exampleOf(facts)}, or a list of texts`,
  }
  return `must be ${musts[facts.shape]} ${is}`
}

function wrongTable(path: Path, is: string): string {
  const table = tableAt(path)
  if (table === undefined) return `cannot be used ${is}`
  const kind = table.many ? 'a list of tables' : 'one table'
  return `must be ${kind}: write ${headerOf(table)} ${is}`
}

function exampleOf(facts: KeyFacts): string {
  const example = facts.example ?? facts.fallback
  if (example === '' || (Array.isArray(example) && example.length === 0)) return ''
  return ` such as ${facts.shape === 'list' ? plainText([example].flat()) : plainText(example)}`
}

/** A value in the spelling of TOML. */
export function plainText(value: Plain): string {
  if (typeof value === 'boolean') return String(value)
  // Every JSON string is a TOML basic string; DEL alone must be escaped besides.
  const asText = (item: string) => JSON.stringify(item).replaceAll('\x7f', '\\u007f')
  return typeof value === 'string' ? asText(value) : `[${value.map(asText).join(', ')}]`
}
