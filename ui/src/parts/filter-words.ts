/** One kind of condition: which words of the grammar belong to it, and those that are offered. */
export interface FilterKind {
  readonly id: 'upstream' | 'used' | 'size' | 'platform' | 'state'
  readonly belongs: RegExp
  readonly offers: readonly string[]
}

const USED: FilterKind = {
  id: 'used',
  belongs: /^[!-]?((idle|used):|pulls<)/i,
  offers: ['used:1d', 'used:7d', 'idle:7d', 'idle:30d', 'idle:90d', 'pulls<1'],
}
const SIZE: FilterKind = {
  id: 'size',
  belongs: /^[!-]?(only)?[<>]/i,
  offers: ['<10MiB', '>100MiB', '>1GiB', 'only>100MiB', 'only>1GiB'],
}
const PLATFORM: FilterKind = {
  id: 'platform',
  belongs: /^[!-]?platform:/i,
  offers: ['amd64', 'arm64', 'arm/v7', '386', 'riscv64', 'ppc64le', 's390x'].map(
    (one) => `platform:linux/${one}`,
  ),
}
const STATE: FilterKind = {
  id: 'state',
  belongs: /^[!-]?(complete|partial|replaced|untagged|tagged|pinned|gone|moved)$/i,
  offers: ['complete', 'partial', 'replaced', 'untagged', 'gone', 'moved', 'pinned', '!pinned'],
}

/** Of lists over all upstreams. */
export function filterKinds(upstreams: readonly string[]): readonly FilterKind[] {
  const offers = upstreams.map((name) => `upstream:${name}`)
  return [{ id: 'upstream', belongs: /^[!-]?upstream:/i, offers }, USED, SIZE, PLATFORM, STATE]
}

/** Of files: they have no platforms, and are there as a whole. */
export const FILE_FILTERS: readonly FilterKind[] = [
  USED,
  SIZE,
  { ...STATE, offers: ['gone', 'pinned', '!pinned'] },
]

/** Of the tags of one repository. */
export const TAG_KINDS: readonly FilterKind[] = [
  USED,
  SIZE,
  PLATFORM,
  { ...STATE, offers: ['complete', 'partial', 'gone', 'moved', 'pinned', '!pinned'] },
]

/** The word of this kind that the text holds. */
export function wordOf(text: string, { belongs }: FilterKind): string {
  return wordsIn(text).find((word) => belongs.test(word)) ?? ''
}

/** The text with this word, "" for none, in the place of those of its kind. */
export function withWord(text: string, { belongs }: FilterKind, word: string): string {
  return [...wordsIn(text).filter((one) => !belongs.test(one)), word].filter(Boolean).join(' ')
}

function wordsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean)
}

/**
 * What was typed or pasted, in the filter grammar: commands and addresses give the name they speak of, digests may be
 * their beginning only.
 */
export function toFilter(text: string): string {
  return wordsIn(nameIn(text))
    .map((word) => {
      const hex = /^(?:sha256:)?([0-9a-f]{7,64})$/i.exec(word)?.[1]
      return hex === undefined || /^\d+$/.test(word) ? word : `**@sha256:${hex.toLowerCase()}**`
    })
    .join(' ')
}

const KEYED = /^[!-]?(idle|used|older|upstream|platform):/i

/** Whether only images, not repositories, can be what is asked for. */
export function speaksOfImages(filter: string): boolean {
  return wordsIn(filter).some(
    (word) => word === 'untagged' || word.includes('@') || (!KEYED.test(word) && /:[\w.*-]+$/.test(word)),
  )
}

const COMMAND = /^\s*(?:sudo\s+)?(?:docker|podman|nerdctl|crictl|ctr|skopeo|crane|buildah)\s+(.*)$/i

function nameIn(text: string): string {
  const command = COMMAND.exec(text)?.[1]
  if (command !== undefined) {
    const named = wordsIn(command).find((word) => /[/:.]/.test(word) && !word.startsWith('-'))
    return bare(named ?? wordsIn(command).at(-1) ?? '')
  }
  return /^\s*https?:\/\//.test(text) ? bare(text.trim()) : text
}

/** A name without the transport or site it was written with, and without this cache. */
function bare(name: string): string {
  return name
    .replace(/^(docker|https?):\/\//, '')
    .replace(new RegExp(`^${window.location.host.replaceAll('.', '\\.')}/`), '')
    .replace(/^hub\.docker\.com\/(_\/|r\/|layers\/)?/, '')
    .replace(/[?#].*$/, '')
}

/** The text with each word that is no condition but (part of) a name as `name` says it. */
export function conditionsIn(text: string, name: (word: string) => string): string {
  return wordsIn(text)
    .map((word) => {
      const [, sign = '', bareWord = ''] = /^([!-]?)(.*)$/.exec(word) ?? []
      const isCondition = KEYED.test(word) || [USED, SIZE, STATE].some(({ belongs }) => belongs.test(word))
      return isCondition ? word : `${sign}${name(bareWord)}`
    })
    .join(' ')
}

/** An address, as the name that begins what is cached of it. */
const ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/^(?:www\.|raw\.|api\.|codeload\.)?github\.com\/(?:repos\/)?([^/]+\/[^/]+).*$/, '$1'],
  [/^(?:raw|media|gist)\.githubusercontent\.com\/(?:media\/)?([^/]+\/[^/]+).*$/, '$1'],
  [
    /^(?:huggingface\.co|hf\.co)\/(?:api\/(?:models\/)?)?((?:(?:datasets|spaces)\/)?[^/]+\/[^/]+).*$/,
    'hf:$1',
  ],
  [/^pkg\.go\.dev\/(.+)$/, 'go:$1'],
  [/^proxy\.golang\.org\/(.+?)\/@.*$/, 'go:$1'],
]

/** What was typed or pasted into the search of files, in the filter grammar. */
export function toFileFilter(text: string): string {
  const bareText = text.trim().replace(/^https?:\/\//, '')
  for (const [address, name] of ADDRESSES)
    if (address.test(bareText))
      return bareText
        .replace(/[?#].*$/, '')
        .replace(address, name)
        .replace(/\.git$/, '')
  return text.trim()
}
