/** Names of all but images, as people write them: "go:golang.org/x/text", "github:owner/repo", "hf:org/model". */
const PROTOCOL_NAME = /^(github|go|hf|git):(.*)$/is

export function isProtocolName(name: string): boolean {
  return PROTOCOL_NAME.test(name)
}

export interface Meant {
  /** repository: as rules name things. entry: as pins do, perhaps with what stands below a repository. */
  readonly of: 'repository' | 'entry'
  /** Servers of git that are asked at all; undefined: not looked at. */
  readonly gitHosts?: readonly string[]
}

/** Why a glob on such names can never match, in words; undefined where it can. */
export function protocolNameProblem(glob: string, meant: Meant): string | undefined {
  const [, protocol = '', rest = ''] = PROTOCOL_NAME.exec(glob) ?? []
  const parts = rest.toLowerCase().split('/')
  const first = parts[0] ?? ''
  if (parts.includes('')) return `a part of it is empty; "${protocol}:**" means everything of it`
  // What crosses parts of a name can be anything from there on.
  if (first.includes('**')) return undefined
  const isOfEntry = meant.of === 'entry'
  if (!isOfEntry && /[@:]/.test(protocol.toLowerCase() === 'git' ? parts.slice(1).join('/') : rest))
    return 'rules name no versions, branches or files'
  switch (protocol.toLowerCase()) {
    case 'go':
      return isModuleHost(first) ? undefined : 'modules begin with a host: "go:golang.org/x/text"'
    case 'github':
      return countProblem(parts, { least: 2, most: isOfEntry ? Infinity : 2, example: 'github:owner/repo' })
    case 'hf': {
      const own = ['datasets', 'spaces', 'models'].includes(first) ? parts.slice(1) : parts
      return countProblem(own, { least: 1, most: isOfEntry ? Infinity : 2, example: 'hf:org/model' })
    }
    default:
      return gitProblem(parts, meant)
  }
}

/** The one part without a dot is what files of checksum databases are called. */
function isModuleHost(part: string): boolean {
  return /[.*?]/.test(part) || part === 'sumdb'
}

function gitProblem(parts: readonly string[], { gitHosts }: Meant): string | undefined {
  const [host = ''] = parts
  if (gitHosts?.includes(host) === false && !/[*?]/.test(host)) return `git.hosts does not have "${host}"`
  return countProblem(parts, { least: 2, most: Infinity, example: 'git:github.com/owner/repo' })
}

function countProblem(
  parts: readonly string[],
  { least, most, example }: { readonly least: number; readonly most: number; readonly example: string },
): string | undefined {
  const open = parts.findIndex((part) => part.includes('**'))
  const fixed = open < 0 ? parts.length : open
  if (fixed > most) return `names have no more parts than "${example}"`
  return open < 0 && fixed < least
    ? `names look like "${example}", and "/**" means everything of it`
    : undefined
}
