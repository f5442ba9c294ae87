import type { Config } from '../config/config.ts'
import type { FileItem } from '../db/accounts/file-facts.ts'
import { lastingOfGithub } from '../domain/file-lasting.ts'
import { sourceOf } from '../domain/file-names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { API_TTL } from '../frontends/github/wants.ts'
import type { FileRow } from './contract-files.ts'
import type { ApiDeps } from './deps.ts'

export { mirrorsOf } from './mirror-lines.ts'

/** Patterns of the pins in force that are about files. */
export function filePins({ parts }: Pick<ApiDeps, 'parts'>): readonly string[] {
  return parts.pinned
    .list()
    .map(({ match }) => match)
    .filter(isProtocolName)
}

/** A file as the contract has it: what only the index needs stays there. */
export function toFileRow({ config, clock }: Pick<ApiDeps, 'config' | 'clock'>, item: FileItem): FileRow {
  const { name, frontEnd: kind, place, repository, file, total, onlyHere, checkedAt, pinned } = item
  const { firstCached, lastUsed, pulls } = item
  return {
    name,
    kind,
    repository: place.slice(kind.length + 1),
    file,
    source: sourceOf({ kind, repository, file: file === '' ? undefined : file }),
    total,
    onlyHere,
    firstCached,
    lastUsed,
    pulls,
    checkedAt,
    state: stateOf(config(), item, clock()),
    pinned,
  }
}

function stateOf(config: Config, item: FileItem, now: number): FileRow['state'] {
  if (item.goneAt !== undefined) return 'gone'
  return now - item.checkedAt < ttlOf(config, item) ? 'fresh' : 'due'
}

/** Milliseconds for which nobody asks about it. */
function ttlOf({ github }: Config, { frontEnd, repository, file }: FileItem): number {
  // Whoever clones asks what there is; all else but files of GitHub is named by what it is.
  if (file === '') return 0
  if (frontEnd !== 'github') return Number.POSITIVE_INFINITY
  switch (lastingOfGithub({ repository, ref: file })) {
    case 'always':
      return Number.POSITIVE_INFINITY
    case 'tag':
      return github.tagTtl
    case 'branch':
      return github.refTtl
    default:
      return API_TTL
  }
}
