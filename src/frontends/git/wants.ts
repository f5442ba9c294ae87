import type { Missing, Want } from '../../cache/want.ts'
import type { EntryKey } from '../../domain/names.ts'
import type { LargeFile } from '../../git/lfs.ts'
import type { Source } from '../../git/source.ts'
import type { Action } from './actions.ts'

/** The name under which a large file of a repository is known here. */
export function fileKey({ name }: Source, oid: string): EntryKey {
  return { frontEnd: 'git', upstream: 'git', repository: name, kind: 'file', ref: `lfs/${oid}` }
}

const MISSING: Missing = {
  code: 'not_found',
  message: 'the server of this repository does not have it',
  hint: 'fetch again: large files lie where their server says, and that changes',
}

/** How to get one whose server said that it belongs to this repository. `maxFile`: bytes; 0 = no limit. */
export function fileWant(
  { oid, size }: LargeFile,
  source: Source,
  { action, maxFile }: { readonly action: Action; readonly maxFile: number },
): Want {
  return {
    key: fileKey(source, oid),
    request: action,
    digest: `sha256:${oid}`,
    freshness: { kind: 'immutable' },
    missing: MISSING,
    maxBytes: maxFile,
    keepHeaders: [],
    vouched: { size },
  }
}
