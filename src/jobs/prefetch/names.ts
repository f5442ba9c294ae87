import { tagOrderKey } from '../../db/accounts/tag-order.ts'
import { AppError, toAppError } from '../../domain/errors.ts'
import { createGlob } from '../../domain/glob.ts'
import { because } from '../../domain/reasons.ts'
import { readWarmName, type WarmName } from '../../domain/warm-name.ts'
import type { WarmAsk, WarmSource } from '../../domain/warming.ts'
import { whyOf, whyOfError } from './leave.ts'
import type { PrefetchList } from './list.ts'
import type { PrefetchImage, PrefetchWhy } from './report.ts'

/** An image of a list by its full name. */
export interface ListedName {
  readonly name: string
  readonly upstream: string
}

export interface ListNames {
  /** Each once, in the order of the list. */
  readonly names: readonly ListedName[]
  /** Lines that lead to no image, and what is beyond the length of a list. */
  readonly others: readonly PrefetchImage[]
}

export interface NamesDeps {
  readonly source: Pick<WarmSource, 'place' | 'tags'>
  /** A small text file, or why it cannot be read. */
  readonly readText: (file: string) => { readonly text: string } | { readonly trouble: string }
}

/** Images that one run looks at. */
export const MOST_IMAGES = 1000

/** The images that a list means at this moment. Rejects with the signal's reason. */
export async function namesOf(
  { source, readText }: NamesDeps,
  list: PrefetchList,
  ask: Omit<WarmAsk, 'name' | 'platforms'>,
): Promise<ListNames> {
  const names = new Map<string, ListedName>()
  const others: PrefetchImage[] = []
  const refuse = (name: string, error: unknown): void => {
    const known = toAppError(error)
    if (known.code === 'internal') throw error
    others.push({ name, state: 'failed', pulls: 0, bytes: undefined, why: whyOfError(known) })
  }
  const add = (name: string): void => {
    const listed = source.place(name)
    if (names.has(listed.name)) return
    if (names.size < MOST_IMAGES) names.set(listed.name, listed)
    else others.push({ ...listedAway(listed.name), why: LONG })
  }
  for (const line of [...list.refs, ...fileLines(list, readText, refuse)]) {
    ask.signal.throwIfAborted()
    try {
      const read = readWarmName(line)
      if ('problem' in read) throw new AppError('bad_request', { message: `this is ${read.problem}` })
      const found = read.glob === undefined ? [read.text] : await tagsOf(source, read, { list, ask })
      for (const name of found) add(name)
    } catch (error) {
      ask.signal.throwIfAborted()
      refuse(line, error)
    }
  }
  return { names: [...names.values()], others }
}

const LONG: PrefetchWhy = whyOf('left', because('prefetch_long', { most: MOST_IMAGES }))

function listedAway(name: string): Pick<PrefetchImage, 'name' | 'state' | 'pulls' | 'bytes'> {
  return { name, state: 'left', pulls: 0, bytes: undefined }
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

/** The newest that match, by their versions, as lists of tags show them. */
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
  const keyed = tags.map((tag) => ({ tag, key: tagOrderKey(tag) }))
  const ordered = keyed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return ordered.slice(0, list.newest).map(({ tag }) => `${repository}:${tag}`)
}
