import { isEarlyTag, tagOrderKey } from '../../db/accounts/tag-order.ts'
import { AppError, toAppError } from '../../domain/errors.ts'
import { createGlob } from '../../domain/glob.ts'
import type { PrefetchList } from '../../domain/prefetch-list.ts'
import { because } from '../../domain/reasons.ts'
import { readWarmName, type WarmName } from '../../domain/warm-name.ts'
import type { WarmAsk, WarmSource } from '../../domain/warming.ts'
import { whyOfError } from './leave.ts'
import type { PrefetchImage } from './report.ts'

/** An image of a list by its full name. */
export interface ListedName {
  readonly name: string
  readonly upstream: string
}

export interface ListNames {
  /** Each once, those that were left first, then in the order of the list. */
  readonly names: readonly ListedName[]
  /** Lines that lead to no image. */
  readonly others: readonly PrefetchImage[]
  /** Names, and lines that were not read, beyond what one run looks at. */
  readonly beyond: readonly string[]
}

export interface NamesDeps {
  readonly source: Pick<WarmSource, 'place' | 'tags'>
  /** A small text file, or why it cannot be read. */
  readonly readText: (file: string) => { readonly text: string } | { readonly trouble: string }
}

/** Images that one run looks at, and lines that lead to none. */
export const MOST_IMAGES = 1000
/** Names that are read, so that those of one run can be chosen among them. */
const MOST_NAMES = 5000
/** Characters of a line that stand in a report. */
const LONGEST_LINE = 300

type NamesAsk = Omit<WarmAsk, 'name' | 'platforms'> & {
  /** Names that the last run left. */
  readonly first: readonly string[]
}

/** The images that a list means at this moment. Rejects with the signal's reason. */
export async function namesOf(
  { source, readText }: NamesDeps,
  list: PrefetchList,
  { first, ...ask }: NamesAsk,
): Promise<ListNames> {
  const names = new Map<string, ListedName>()
  const others: PrefetchImage[] = []
  const refuse = (line: string, error: unknown): void => {
    const known = toAppError(error)
    if (known.code === 'internal') throw error
    const name = line.slice(0, LONGEST_LINE)
    others.push({ name, state: 'failed', pulls: 0, bytes: undefined, why: whyOfError(known) })
  }
  const lines = [...list.refs, ...fileLines(list, readText, refuse)]
  let at = 0
  for (; at < lines.length && names.size < MOST_NAMES && others.length < MOST_IMAGES; at++) {
    const line = lines[at] ?? ''
    ask.signal.throwIfAborted()
    try {
      for (const listed of await read(source, line, { list, ask })) names.set(listed.name, listed)
    } catch (error) {
      ask.signal.throwIfAborted()
      refuse(line, error)
    }
  }
  const ordered = leftFirst([...names.values()], first)
  const unread = lines.slice(at).map((line) => line.slice(0, LONGEST_LINE))
  const beyond = [...ordered.slice(MOST_IMAGES).map(({ name }) => name), ...unread]
  return { names: ordered.slice(0, MOST_IMAGES), others, beyond }
}

async function read(source: NamesDeps['source'], line: string, ask: TagsAsk): Promise<readonly ListedName[]> {
  const found = readWarmName(line)
  if ('problem' in found) throw new AppError('bad_request', { message: `this is ${found.problem}` })
  const names = found.glob === undefined ? [found.text] : await tagsOf(source, found, ask)
  return names.map((name) => source.place(name))
}

/** So that the end of a list that never comes to its end is not starved. */
function leftFirst(names: readonly ListedName[], first: readonly string[]): readonly ListedName[] {
  const rank = new Map(first.map((name, at) => [name, at]))
  const rankOf = ({ name }: ListedName): number => rank.get(name) ?? first.length
  return names.toSorted((a, b) => rankOf(a) - rankOf(b))
}

function fileLines(
  { file }: PrefetchList,
  readText: NamesDeps['readText'],
  refuse: (name: string, error: unknown) => void,
): readonly string[] {
  if (file === undefined) return []
  const read = readText(file)
  if ('text' in read) {
    const lines = read.text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    return lines.filter((line) => line !== '')
  }
  refuse(file, new AppError('not_found', because('prefetch_file', { file, trouble: read.trouble })))
  return []
}

interface TagsAsk {
  readonly list: PrefetchList
  readonly ask: Omit<WarmAsk, 'name' | 'platforms'>
}

/** The newest that match, by their versions, as lists of tags show them; early ones last where nobody asked for them. */
async function tagsOf(
  source: NamesDeps['source'],
  read: WarmName,
  { list, ask }: TagsAsk,
): Promise<readonly string[]> {
  const { repository, glob = '' } = read
  const matches = createGlob(glob)
  const tags = (await source.tags({ ...ask, name: repository })).filter(matches)
  if (tags.length === 0)
    throw new AppError('manifest_unknown', because('prefetch_no_tag', { name: read.text }))
  const isAsked = EARLY_WORD.test(glob)
  const keyed = tags.map((tag) => ({
    tag,
    key: `${!isAsked && isEarlyTag(tag) ? '1' : '0'}${tagOrderKey(tag)}`,
  }))
  const ordered = keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return ordered.slice(0, list.newest).map(({ tag }) => `${repository}:${tag}`)
}

/** A glob that names early versions: "*-rc*", "3.14.0b?". */
const EARLY_WORD =
  /(?:^|[-_.\d*?])(?:rc|alpha|beta|a|b|dev|pre|preview|canary|nightly|snapshot)(?:[-_.\d*?]|$)/i
