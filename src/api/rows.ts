import type * as db from '../db/accounts/rows.ts'
import type { Page } from './contract.ts'

/** An image as the contract has it: what only the index needs stays there. */
export function toImageRow<T extends db.ImageRow>(row: T): Omit<T, 'frontEnd' | 'repositoryId' | 'tagCount'> {
  const { frontEnd: _frontEnd, repositoryId: _id, tagCount: _count, ...told } = row
  return told
}

export function toRepositoryRow<T extends db.RepositoryRow>(row: T): Omit<T, 'frontEnd' | 'repositoryId'> {
  const { frontEnd: _frontEnd, repositoryId: _id, ...told } = row
  return told
}

/** A page of rows as the contract has them, and nothing else of it. */
export function mapPage<T, U>({ items, ...page }: Page<T>, to: (row: T) => U): Page<U> {
  const { total, totalIsLeast, nextCursor } = page
  return { items: items.map(to), total, ...(totalIsLeast && { totalIsLeast }), nextCursor }
}
