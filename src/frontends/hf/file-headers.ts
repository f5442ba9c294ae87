import type { Meta } from '../../cache/want.ts'
import { hexOf } from '../../domain/digest.ts'
import type { Headers } from '../send.ts'
import { etagOf, LINKED_ETAG, LINKED_SIZE } from './stated.ts'

const TEXT = 'text/plain; charset=utf-8'
const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: TEXT,
  md: TEXT,
  py: TEXT,
  txt: TEXT,
  toml: TEXT,
  yaml: TEXT,
  yml: TEXT,
  csv: TEXT,
  cfg: TEXT,
  gitattributes: TEXT,
  gitignore: TEXT,
}

/** A file of a commit. */
interface Named {
  readonly commit: string
  readonly path: string
}

/**
 * What clients of the hub must hear of a file, or they give up. The type is told by the name alone: nothing here is a
 * page, whatever the hub takes it for.
 */
export function headersOfFile({ commit, path, meta }: Named & { readonly meta: Meta }): Headers {
  const suffix = nameIn(path).split('.').at(-1)?.toLowerCase() ?? ''
  const headers = common({ commit, path }, TYPES[suffix] ?? 'application/octet-stream')
  const etag = etagOf(meta) ?? (meta.digest === undefined ? undefined : hexOf(meta.digest))
  if (etag !== undefined) headers[LINKED_ETAG] = `"${etag}"`
  if (meta.size !== undefined) headers[LINKED_SIZE] = meta.size
  return headers
}

/** Of what git has of a file. */
export function headersOfText(file: Named): Headers {
  return common(file, TEXT)
}

function common({ commit, path }: Named, type: string): Headers {
  const name = encodeURIComponent(nameIn(path)).replaceAll("'", '%27')
  return {
    'content-type': type,
    'content-disposition': `inline; filename*=UTF-8''${name}`,
    'accept-ranges': 'bytes',
    'x-repo-commit': commit,
  }
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
