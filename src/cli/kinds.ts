import type { FileKind } from '../api/contract-files.ts'
import { badValue, type Flags } from './flags.ts'

const KINDS: readonly FileKind[] = ['go', 'github', 'hf', 'git']

/** What --kind says; undefined: not only of one kind. Throws CommandError (exit 2). */
export function kindOf({ flags }: { readonly flags: Flags }): FileKind | undefined {
  const text = flags.text('kind')
  const kind = KINDS.find((one) => one === text)
  if (text !== undefined && kind === undefined) throw badValue('kind', text, `of ${KINDS.join(', ')}`)
  return kind
}
