import type { ListQuery, Page } from '../../api/contract.ts'
import type { FileQuery } from '../../api/contract-files.ts'
import { closest } from '../../config/locate.ts'
import { parseFilter } from '../../domain/filter.ts'
import { isProtocolName } from '../../domain/protocol-names.ts'
import { counted, formatCount } from '../cells.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { usageError } from '../exit.ts'
import { kindOf } from '../kinds.ts'
import { type Reached, withApi } from '../reach.ts'
import { csvLines, type Table } from '../table.ts'
import { fileTable } from '../views/files.ts'
import { imageTable, repositoryTable } from '../views/lists.ts'

/** Enough to read, few enough to come at once. */
const ROWS = 100
const PAGE = 1000

/** Columns of the API by the names people type. */
const SORTS: Readonly<Record<string, string>> = {
  name: 'name',
  total: 'total',
  'only-here': 'onlyHere',
  shared: 'shared',
  'last-used': 'lastUsed',
  'first-cached': 'firstCached',
  pulls: 'pulls',
  tags: 'tags',
  created: 'created',
}

const FILE_SORTS = ['name', 'total', 'only-here', 'last-used', 'first-cached', 'pulls']

/** `ls`: repositories, images, or files. */
export const ls: Command = {
  name: 'ls',
  group: 'look',
  words: '[NAME]',
  takes: [0, 1],
  summary: 'what is cached, how large, last used when',
  flags: {
    tags: true,
    files: true,
    kind: true,
    filter: true,
    sort: true,
    limit: `at most that many rows, ${ROWS} by default`,
    all: true,
    json: true,
    csv: true,
  },
  about: [
    'Lists repositories; with --tags, or a NAME that has a tag or digest, images. NAME may hold * (within a part of',
    'the name), ** and ?, and is read as in a pull then; without them it may stand anywhere in a name.',
    'With --files, or a NAME that begins with go:, github:, hf: or git:, it lists files of GitHub and Hugging Face,',
    'versions of Go modules, and mirrors of git repositories.',
    '"total" is all that an image or file needs; "only here" is what its removal frees, the rest is shared with others.',
    '',
    'Filter words, all of which must hold: idle:30d used:7d >100MiB <1GiB only>100MiB untagged tagged pinned partial',
    'complete replaced upstream:ghcr.io platform:linux/arm64 *name*; "!" or "-" in front turns one around.',
    'Of them files know those about time, size, pulls, pinned, gone, upstream (go, github, hf, git) and names.',
    `Sorts by: ${Object.keys(SORTS).join(' ')} (of images); "-" turns the order around.`,
    'Not on a terminal: one row per line, values separated by tabs, sizes in bytes, times in UTC.',
  ],
  examples: [
    'ls',
    'ls nginx',
    "ls 'alpine:3*'",
    'ls --sort -only-here --limit 20',
    "ls --tags --filter 'idle:30d >1GiB'",
    'ls --files --kind hf --sort -total',
    "ls 'go:golang.org/x/*'",
  ],
  run: (context) => {
    const query = queryOf(context)
    return withApi(context, (reached) => list(reached, query, context))
  },
}

function wantsFiles({ words: [name = ''], flags }: Context): boolean {
  return flags.on('files') || flags.on('kind') || isProtocolName(name)
}

/** The question as the flags ask it. Throws CommandError (exit 2) before anything is opened. */
function queryOf(context: Context): FileQuery {
  const { words, flags, world } = context
  const [name] = words
  const kind = kindOf(context)
  const ofFiles = wantsFiles(context)
  if (ofFiles && flags.on('tags'))
    throw usageError({ what: 'files have no tags', hint: '--files without --tags' })
  const filter = flags.text('filter')
  const parsed = parseFilter(filter ?? '', world.clock())
  if ('problem' in parsed) throw usageError(parsed.problem)
  return {
    ...(name === undefined ? {} : { q: name }),
    ...(filter === undefined ? {} : { filter }),
    ...(kind === undefined ? {} : { kind }),
    sort: sortOf(flags.text('sort') ?? 'name', ofFiles ? FILE_SORTS : Object.keys(SORTS)),
    limit: flags.on('all') ? PAGE : (flags.count('limit') ?? ROWS),
  }
}

function sortOf(text: string, names: readonly string[]): string {
  const [, sign = '', word = ''] = /^(-?)(.*)$/.exec(text) ?? []
  const name = names.find((one) => one === word || SORTS[one] === word)
  if (name !== undefined) return sign + SORTS[name]
  const near = closest(word, names)
  const hint = near === undefined ? `one of ${names.join(', ')}` : `${sign}${near}`
  throw usageError({ what: `there is no column "${word}"`, hint })
}

async function list({ api }: Reached, query: FileQuery, context: Context): Promise<void> {
  const { clock } = context.world
  const { signal } = context
  if (wantsFiles(context)) {
    const page = await pages((one) => api.get('/files', one, { signal }), query, context)
    output(page, fileTable(page.items, clock()), 'file', context)
  } else if (wantsImages(context)) {
    const page = await pages((one) => api.get('/images', one, { signal }), query, context)
    output(page, imageTable(page.items, clock()), 'image', context)
  } else {
    const page = await pages((one) => api.get('/repositories', one, { signal }), query, context)
    output(page, repositoryTable(page.items, clock()), 'repository', context)
  }
}

/** A colon before the last slash is that of a port. */
function wantsImages({ words: [name = ''], flags }: Context): boolean {
  return flags.on('tags') || /[:@][^/]*$/.test(name)
}

/** As many pages as the flags ask for, as one. */
async function pages<T, Q extends ListQuery>(
  ask: (query: Q) => Promise<Page<T>>,
  query: Q,
  { flags }: Context,
): Promise<Page<T>> {
  const most = flags.on('all') ? (flags.count('limit') ?? Infinity) : (query.limit ?? ROWS)
  const items: T[] = []
  let next: string | undefined
  for (;;) {
    const limit = Math.min(PAGE, most - items.length)
    const page = await ask({ ...query, limit, ...(next === undefined ? {} : { cursor: next }) })
    items.push(...page.items)
    next = page.nextCursor
    if (next === undefined || items.length >= most) {
      const total = Math.max(page.total, items.length)
      return { ...page, items, total }
    }
  }
}

function output(page: Page<unknown>, table: Table, noun: string, context: Context): void {
  if (context.flags.on('json')) return context.json(page)
  if (context.flags.on('csv')) return context.write(`${csvLines(table).join('\n')}\n`)
  const shown = page.items.length
  if (shown > 0) context.print([{ kind: 'table', table }])
  else context.note(`no ${noun} matches`)
  if (page.totalIsLeast) context.note(`more than ${formatCount(shown)} · try: --all, or --limit N`)
  else if (shown < page.total)
    context.note(`${formatCount(shown)} of ${counted(page.total, noun)} · try: --all, or --limit N`)
}
