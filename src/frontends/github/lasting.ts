import { lastingGist, lastingRef, type RefLasting } from '../../domain/file-lasting.ts'
import type { NamedResource } from './resource.ts'

/** Whole commits never change. What may be a branch is taken for one. */
export function lastingOf(resource: Exclude<NamedResource, { kind: 'api' }>): RefLasting {
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
      return lastingGist(resource.path)
    default:
      return resource satisfies never
  }
}
