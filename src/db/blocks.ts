import { BLOCK } from '../domain/blocks.ts'

/** `onDisk` in SQL, of the size in this column. */
export function blocksOf(column: string): string {
  return `(${column} + ${BLOCK - 1}) / ${BLOCK} * ${BLOCK}`
}
