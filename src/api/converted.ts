import { repositoryOf } from '../frontends/hf/name.ts'
import type { Address } from '../setup/address.ts'
import { convertedFileLines, convertedUrl, type LinkedFile } from '../setup/converted-file.ts'
import { type AskedFile, DEFAULT_REVISION, hubPathOf, nameOfAsked, textOfAsked } from './asked-file.ts'
import type { Converted } from './contract-setup.ts'

/** Where this cache has a file, and how to get it from there. */
export function convertedFile(asked: AskedFile, address: Address): Converted {
  const { name, kind, link } = linkOf(asked)
  const url = convertedUrl(address, link)
  return { name, kind, ...(url === undefined ? {} : { url }), lines: convertedFileLines(address, link) }
}

interface Link extends Pick<Converted, 'name'> {
  readonly kind: LinkedFile['kind']
  readonly link: LinkedFile
}

/** All of a repository of GitHub is its history, which nobody downloads as one file. */
function linkOf(asked: AskedFile): Link {
  if (asked.kind === 'github' && asked.resource === undefined) {
    const path = `/https://github.com/${asked.repository}`
    const repository = `github.com/${asked.repository.toLowerCase()}`
    return {
      name: `git:${repository}`,
      kind: 'git',
      link: { kind: 'git', repository, file: undefined, path },
    }
  }
  const { kind, repository, file } = nameOfAsked(asked)
  const link = { kind, repository, file, path: pathOf(asked) }
  return { name: textOfAsked(asked), kind, link: asked.kind === 'hf' ? hubLink(asked) : link }
}

function hubLink(asked: Extract<AskedFile, { kind: 'hf' }>): LinkedFile {
  const { repo, revision, path } = asked
  const isUsual = revision === undefined || revision === DEFAULT_REVISION
  return {
    kind: 'hf',
    repository: repositoryOf(repo),
    file: path,
    revision: isUsual ? undefined : revision,
    path: pathOf(asked),
  }
}

function pathOf(asked: AskedFile): string | undefined {
  switch (asked.kind) {
    case 'go':
      return undefined
    case 'github':
      return asked.path
    case 'hf':
      return asked.path === undefined ? undefined : hubPathOf(asked)
    case 'git':
      return asked.oid === undefined ? `/https://${asked.address.host}${asked.address.path}` : undefined
    default:
      return asked satisfies never
  }
}
