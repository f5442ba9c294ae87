import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { type FileName, fileOf } from '../domain/file-names.ts'
import type { EntryKey } from '../domain/names.ts'
import { unwatched } from '../jobs/watch.ts'
import { askedOfName } from './asked-file.ts'
import type { ApiDeps } from './deps.ts'
import { fetchFile } from './fetch-file.ts'

export interface Refetch {
  /** Fetches the content of a name anew, to its end. Rejects with AppError. */
  key(key: EntryKey): Promise<void>
  /** Makes the mirror of a git repository anew. */
  mirror(name: string): Promise<void>
}

/** For what turned out to be damaged: fetched as clients would have it fetched, in the name of the cache itself. */
export function createRefetch(
  deps: Pick<ApiDeps, 'index' | 'parts' | 'inside' | 'fetcher'>,
  access: () => Access,
): Refetch {
  const fetchNamed = async (name: FileName): Promise<void> => {
    const watch = unwatched(new AbortController().signal)
    await fetchFile(deps, askedOfName(name), { access: access(), watch, include: [], exclude: [] })
  }
  return {
    key: async (key) => {
      if (key.frontEnd === 'oci') return await deps.fetcher.fetchKey(key)
      const file = fileOf(key)
      // Their servers say where large files of git are for whom they say it.
      if (file === undefined || file.kind === 'git')
        throw new AppError('not_found', {
          message: 'it is fetched when somebody asks for it',
        })
      await fetchNamed(file)
    },
    mirror: (name) => fetchNamed({ kind: 'git', repository: name, file: undefined }),
  }
}
