import type { Path } from './positions.ts'

/** A table of the file before anything is known about its values. */
export type Tree = { [key: string]: unknown }

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** The value at a path, undefined where there is none. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isTree(value) && typeof step === 'string' && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

/** Puts a value at a path and creates missing tables on the way; does nothing where something else is in the way. */
export function setAt(tree: Tree, path: Path, value: unknown): void {
  const key = path.at(-1)
  for (let length = 1; length < path.length; length++) {
    const step = path[length - 1]
    const outer = valueAt(tree, path.slice(0, length - 1))
    if (isTree(outer) && typeof step === 'string' && outer[step] === undefined) outer[step] = {}
  }
  const table = valueAt(tree, path.slice(0, -1))
  if (isTree(table) && typeof key === 'string') table[key] = value
}

/** Takes away what is at a path, which must end with a key. */
export function removeAt(tree: Tree, path: Path): void {
  const key = path.at(-1)
  const table = valueAt(tree, path.slice(0, -1))
  if (isTree(table) && typeof key === 'string') delete table[key]
}
