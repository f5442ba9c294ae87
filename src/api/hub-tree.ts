import type { EntryKey } from '../domain/names.ts'
import { encodePath, type Repo } from '../frontends/hf/name.ts'
import { queryOf } from '../frontends/hf/query.ts'
import { documentWant } from '../frontends/hf/wants.ts'
import { looseOf, textOf } from './loose.ts'

/** A file of a commit, as the hub lists it. */
export interface TreeFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
}

/** So the hub is asked for all files of a commit. */
export const TREE_QUERY = 'recursive=true'
/** Files of one repository that are looked at. */
export const MOST_FILES = 100_000

/** The path of ours under which a commit's files are listed. */
export function treePath({ type, name }: Repo, revision: string): string {
  return `/hf/api/${type}/${encodePath(name)}/tree/${encodeURIComponent(revision)}?${TREE_QUERY}`
}

/** The path of ours under which the hub tells about a revision. */
export function aboutPath({ type, name }: Repo, revision: string): string {
  return `/hf/api/${type}/${encodePath(name)}/revision/${encodeURIComponent(revision)}`
}

/** The files in one page of a list; folders and whatever else stands there are left out. */
export function filesIn(bytes: Buffer): readonly TreeFile[] {
  return listIn(bytes).flatMap((one) => {
    const { type, path, size } = looseOf(one)
    const text = textOf(path)
    if (type !== 'file' || text === undefined) return []
    return [{ path: text, size: typeof size === 'number' && size >= 0 ? size : 0 }]
  })
}

function listIn(bytes: Buffer): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(bytes.toString('utf8'))
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

/** The path and query of the next page; undefined at the end. */
export function nextIn(link: string | undefined): string | undefined {
  const target = /<([^<>]+)>\s*;[^,<]*\brel="?next"?/.exec(link ?? '')?.[1]
  const url = target === undefined ? null : URL.parse(target, 'http://inside.invalid')
  return url === null ? undefined : url.pathname + url.search
}

/** The files of a commit, as far as the whole list is here; undefined where it is not. */
export async function treeHere(
  repo: Repo,
  commit: string,
  read: (
    key: EntryKey,
  ) => Promise<
    | { readonly entry: { readonly headers: Readonly<Record<string, string>> }; readonly bytes: Buffer }
    | undefined
  >,
): Promise<readonly TreeFile[] | undefined> {
  const files: TreeFile[] = []
  let query: string | undefined = TREE_QUERY
  while (query !== undefined && files.length < MOST_FILES) {
    const page = await read(
      documentWant({ repo, commit, withToken: false, kind: 'tree', path: '', query }).key,
    )
    if (page === undefined) return undefined
    files.push(...filesIn(page.bytes))
    const next = nextIn(page.entry.headers['link'])?.split('?')[1]
    query = next === undefined ? undefined : queryOf('tree', next)
  }
  return files
}
