import type { NamedResource } from './resource.ts'

/** How long what an address names stays what it is. */
export type Lasting = 'always' | 'tag' | 'branch'

const COMMIT = /^[0-9a-f]{40}$/i
/** A branch may be called "1.2", but hardly "1.2.3". */
const VERSION = /^v?\d+\.\d+\.\d+(?:[.+-][\w.+-]*)?$/i

/** Whole commits never change. What may be a branch is taken for one. */
export function lastingOf(resource: Exclude<NamedResource, { kind: 'api' }>): Lasting {
  switch (resource.kind) {
    case 'release':
      return 'tag'
    case 'latest':
      return 'branch'
    case 'archive':
      return lastingRef(resource.ref)
    case 'raw':
    case 'media':
      return lastingRef(resource.path)
    case 'gist':
      return COMMIT.test(firstOf(resource.path)) && resource.path.includes('/') ? 'always' : 'branch'
    default:
      return resource satisfies never
  }
}

/** A ref, perhaps with a path behind it. */
function lastingRef(text: string): Lasting {
  if (text.startsWith('refs/tags/')) return 'tag'
  const first = firstOf(text)
  if (COMMIT.test(first)) return 'always'
  return VERSION.test(first) ? 'tag' : 'branch'
}

function firstOf(path: string): string {
  return path.split('/', 1)[0] ?? ''
}
