import { nearest } from './locate.ts'
import { type Path, type Position, type Positions, pathKey } from './positions.ts'
import type { Problem } from './problem.ts'
import { type Tree, valueAt } from './tree.ts'

/** What a problem says before it is known where it stands. */
export interface Finding {
  readonly path: Path
  readonly message: string
  readonly severity?: 'warning'
}

/** A finding that only counts when the values it was drawn from are good. */
export interface Contradiction extends Finding {
  readonly from?: readonly Path[]
}

/** Everything that was said, by the file and by the environment, and where. */
export interface Source {
  /** The file as it was named. */
  readonly file: string
  readonly positions: Positions
  /** The values of the file with those of the environment over them, unchecked. */
  readonly tree: Tree
  /** Names of variables by the key of the path they set. */
  readonly variables: ReadonlyMap<string, string>
}

/** Where a value came from; `line` only where it is known. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line?: number }
  | { readonly from: 'env'; readonly name: string }

export function originOf(source: Source, path: Path): Origin {
  const name = variableOf(source, path)
  if (name !== undefined) return { from: 'env', name }
  const exact = source.positions.get(pathKey(path))
  return exact === undefined ? { from: 'default' } : { from: 'file', file: source.file, line: exact.line }
}

/** The variable that set this path or the list it lies in. */
export function variableOf(source: Source, path: Path): string | undefined {
  return source.variables.get(pathKey(path)) ?? source.variables.get(pathKey(path.slice(0, -1)))
}

/** A finding with its place: the variable that set the value, or the nearest line of the file. */
export function problemOf(source: Source, finding: Finding): Problem {
  const severity = finding.severity === undefined ? {} : { severity: finding.severity }
  const name = variableOf(source, finding.path)
  if (name !== undefined) return { file: 'environment', path: name, message: finding.message, ...severity }
  const place: Position | undefined = nearest(source.positions, finding.path)
  return {
    file: source.file,
    ...place,
    path: labelOf(source.tree, finding.path),
    message: finding.message,
    ...severity,
  }
}

/** "server.listen", "upstream[ghcr.io].url"; tables without a name are counted from 1, "rule#2.effect". */
export function labelOf(tree: Tree, path: Path): string {
  let label = ''
  for (const [index, step] of path.entries()) {
    if (typeof step === 'string') label += label === '' ? step : `.${step}`
    else {
      const name = valueAt(tree, [...path.slice(0, index + 1), 'name'])
      label += typeof name === 'string' && name !== '' ? `[${name}]` : `#${step + 1}`
    }
  }
  return label
}
