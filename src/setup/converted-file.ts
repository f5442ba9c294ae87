import type { FileKind } from '../domain/file-names.ts'
import { type Address, urlOf } from './address.ts'
import type { ConvertedLine } from './converted.ts'
import { bareWord } from './quote.ts'

/** A file, or all of a repository, as the cache has it; every part was checked. */
export interface LinkedFile {
  readonly kind: FileKind
  /** "golang.org/x/text", "owner/repo", "models/org/name", "github.com/owner/repo". */
  readonly repository: string
  /** The path of a file in its repository, or the version of a module; undefined: all of it. */
  readonly file: string | undefined
  /** Branch, tag or commit of a model; undefined: its usual one. */
  readonly revision?: string | undefined
  /**
   * Below the address of the cache, as an address is written: "/https://github.com/owner/repo/…", of a repository of git
   * what is cloned. Undefined where no single address has all of it.
   */
  readonly path: string | undefined
}

/** Where the cache has it; undefined for what no single address has. */
export function convertedUrl(address: Address, { path }: Pick<LinkedFile, 'path'>): string | undefined {
  return path === undefined ? undefined : `${urlOf(address)}${path}`
}

/** What to type, for each client, to get it through the cache without any configuration. */
export function convertedFileLines(address: Address, link: LinkedFile): readonly ConvertedLine[] {
  const url = convertedUrl(address, link)
  switch (link.kind) {
    case 'go':
      return goLines(address, link)
    case 'hf':
      return [...hubLines(address, link), ...(url === undefined ? [] : downloads(url))]
    case 'git':
      return url === undefined ? [] : gitLines(address, link, url)
    case 'github':
      return url === undefined ? [] : downloads(url)
    default:
      return link.kind satisfies never
  }
}

function downloads(url: string): readonly ConvertedLine[] {
  const word = bareWord(url)
  return [
    { label: 'curl', text: `curl -fLO ${word}` },
    { label: 'wget', text: `wget ${word}` },
    { label: 'aria2', text: `aria2c -x8 ${word}` },
  ]
}

function goLines(address: Address, { repository, file }: LinkedFile): readonly ConvertedLine[] {
  const module = bareWord(`${repository}@${file ?? 'latest'}`)
  return [
    { label: 'go get', text: `GOPROXY=${urlOf(address)}/go go get ${module}` },
    { label: 'go mod', text: `GOPROXY=${urlOf(address)}/go go mod download ${module}` },
  ]
}

/** Types of repositories by what they are called in addresses; models need not be named. */
const TYPES: readonly (readonly [prefix: string, type: string])[] = [
  ['datasets/', 'dataset'],
  ['spaces/', 'space'],
]

function hubLines(address: Address, link: LinkedFile): readonly ConvertedLine[] {
  const { repository, file, revision } = link
  const [prefix = 'models/', type] = TYPES.find(([one]) => repository.startsWith(one)) ?? []
  const words = [
    'hf download',
    ...(type === undefined ? [] : [`--repo-type ${type}`]),
    ...(revision === undefined ? [] : [`--revision ${bareWord(revision)}`]),
    bareWord(repository.startsWith(prefix) ? repository.slice(prefix.length) : repository),
    ...(file === undefined ? [] : [bareWord(file)]),
  ]
  return [{ label: 'hf', text: `HF_ENDPOINT=${urlOf(address)}/hf ${words.join(' ')}` }]
}

/** The second line is for good, and for everything of that host. */
function gitLines(address: Address, { repository }: LinkedFile, url: string): readonly ConvertedLine[] {
  const host = repository.split('/', 1)[0] ?? ''
  return [
    { label: 'git clone', text: `git clone ${bareWord(url)}` },
    {
      label: 'git config',
      text: `git config --global url.${urlOf(address)}/https://${host}/.insteadOf https://${host}/`,
    },
  ]
}
