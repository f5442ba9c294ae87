import { type Path, type Position, type Positions, pathKey, positionsOf } from './positions.ts'

/** The line (from 1) where a path of a TOML document begins, else that of its nearest table; undefined if none does. */
export function lineOf(toml: string, path: Path): number | undefined {
  return nearest(positionsOf(toml), path)?.line
}

/** The position of a path or of the nearest thing around it; undefined when only the root is left. */
export function nearest(positions: Positions, path: Path): Position | undefined {
  for (let length = path.length; length > 0; length--) {
    const found = positions.get(pathKey(path.slice(0, length)))
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The known word that was probably meant: the nearest by edits (insert, delete, replace, swap neighbours), with at
 * most one edit for every three letters, and at least one. Case and the choice of - or _ do not count.
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 100) return undefined
  const plain = plainOf(word)
  let best: string | undefined
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(plain, plainOf(candidate))
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance]
  }
  return best
}

function plainOf(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}

/** Optimal string alignment distance: Levenshtein's, where two swapped neighbours are one edit. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          cell(last, column) + 1,
          cell(current, column - 1) + 1,
          cell(last, column - 1) + (same ? 0 : 1),
          swapped ? cell(beforeLast, column - 2) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = current
  }
  return cell(last, b.length)
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
