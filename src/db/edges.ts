import type { Sha256 } from '../domain/digest.ts'
import { toBytes } from './digests.ts'
import type { Db } from './open.ts'

export interface Edge {
  readonly child: Sha256
  readonly size: number
}

export interface Edges {
  put(parent: Sha256, edges: readonly Edge[]): void
  /** Size that a cached manifest's descriptor claims for this content. */
  sizeOf(child: Sha256): number | undefined
}

/** Which manifest references what. A pull of a manifest counts as a use of all that it references. */
export function createEdges(db: Db): Edges {
  const put = db.prepare('INSERT OR IGNORE INTO edges VALUES (?, ?, ?)')
  const sizeOf = db.prepare<[Buffer], { size: number }>('SELECT size FROM edges WHERE child = ? LIMIT 1')
  return {
    put: (parent, edges) => {
      const from = toBytes(parent)
      for (const { child, size } of edges) put.run(from, toBytes(child), size)
    },
    sizeOf: (child) => sizeOf.get(toBytes(child))?.size,
  }
}
