import type { Content } from '../../cache/want.ts'
import { KIB } from '../../domain/units.ts'
import { readSmall } from './small.ts'

/** Bytes; pointers are shorter (git-lfs, "The Pointer"). */
export const LONGEST_POINTER = KIB
const FIRST = 'version https://git-lfs\\.github\\.com/spec/v1'
const POINTER = new RegExp(`^${FIRST}\\n(?:[a-z0-9.-]+ .*\\n)*oid sha256:[0-9a-f]{64}\\nsize \\d+\\n`)

/** Whether this is what git has in place of a large file. Content stays open, and can be read again. */
export async function isLargeFilePointer(content: Content): Promise<boolean> {
  if (content.size === undefined || content.size > LONGEST_POINTER || content.size < 100) return false
  const bytes = await readSmall(content, LONGEST_POINTER)
  return bytes !== undefined && POINTER.test(bytes.toString('latin1'))
}
