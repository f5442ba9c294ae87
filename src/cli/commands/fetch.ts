import type { FetchAsk, FetchReport } from '../../api/contract-work.ts'
import { isProtocolName } from '../../domain/protocol-names.ts'
import { line } from '../blocks.ts'
import { bytes, count, counted, digest, listed, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { EXIT, usageError } from '../exit.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import type { Table } from '../table.ts'
import type { Screen } from '../terminal.ts'
import { lookupBlocks } from './lookup.ts'

/** `fetch REF|URL…`: brings images and files in before somebody needs them. */
export const fetch: Command = {
  name: 'fetch',
  group: 'change',
  words: 'REF|URL…',
  takes: [1, Infinity],
  summary: 'bring images and files into the cache',
  flags: {
    platform: true,
    include: true,
    exclude: true,
    'dry-run': 'say what is cached of them already',
    yes: true,
    json: true,
  },
  about: [
    "Without --platform: that of this machine's server. What is cached already is not fetched again.",
    'Files are named by their address, or like this: go:golang.org/x/text@v0.3.0 (latest without a version),',
    'hf:org/model[@revision] for all of a model, git:github.com/owner/repo for a mirror that clones come from. They come',
    'as clients get them: checked alike, shared with running downloads, kept as rules and limits say.',
    'Globs of --include and --exclude without a slash are about the name of a file alone.',
  ],
  examples: [
    'fetch nginx:1.27',
    'fetch alpine:3 --platform linux/amd64,linux/arm64',
    'fetch alpine:3 --platform all',
    'fetch https://github.com/owner/repo/releases/download/v1/tool.tgz',
    "fetch hf:org/model --include '*.json,*.safetensors'",
  ],
  run: async (context) => {
    const platforms = platformsOf(context.flags.text('platform'))
    const globs = { include: globsOf(context, 'include'), exclude: globsOf(context, 'exclude') }
    const names = context.words
    if (!context.flags.on('dry-run'))
      await confirm(context, { objects: names.length, question: `fetch ${counted(names.length, 'name')}?` })
    const dry = context.flags.on('dry-run')
    return withApi(
      context,
      (reached) => (dry ? preview(reached, context) : bring(reached, { platforms, ...globs }, context)),
      {
        create: !dry,
      },
    )
  },
}

function globsOf({ flags }: Context, name: 'include' | 'exclude'): string[] {
  const globs = (flags.text(name) ?? '').split(',').map((one) => one.trim())
  return globs.filter((one) => one !== '')
}

function platformsOf(text: string | undefined): string[] {
  if (text === undefined) return []
  const platforms = text.split(',').map((one) => one.trim())
  const wrong = platforms.find((one) => one !== 'all' && !/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/.test(one))
  if (wrong === undefined && (!platforms.includes('all') || platforms.length === 1)) return platforms
  throw usageError({
    what: `--platform cannot be "${wrong ?? text}"`,
    hint: 'linux/amd64, linux/arm64,linux/arm/v7 or all',
  })
}

/** What would be fetched: no upstream is asked, so only what is here can be said. */
async function preview({ api }: Reached, context: Context): Promise<number> {
  const found = await Promise.all(
    context.words.map((name) => api.get('/lookup', { name }, { signal: context.signal })),
  )
  if (context.flags.on('json')) context.json(found)
  else for (const one of found) context.print(lookupBlocks(one))
  context.note('nothing was fetched. run without --dry-run to bring in what is missing')
  return EXIT.ok
}

async function bring({ api }: Reached, ask: Omit<FetchAsk, 'names'>, context: Context): Promise<number> {
  const { words: names, signal } = context
  const said = api.stream('/fetch', { names, ...ask }, { signal })
  const noun = names.every((name) => isProtocolName(name) || name.includes('://')) ? 'files' : 'blobs'
  const reports = await follow(said, { context, verb: 'fetching', noun })
  const left = reports.flatMap((report) => report.left ?? [])
  if (context.flags.on('json')) context.json(reports)
  else {
    context.print([
      { kind: 'table', table: fetchTable(reports, context.terminal.out) },
      ...left.map(({ name, why }) => line(`not let in: ${name}: ${why}`, 'warn')),
    ])
  }
  return reports.length < names.length || left.length > 0 ? EXIT.partial : EXIT.ok
}

function isOfFiles({ name }: FetchReport): boolean {
  return isProtocolName(name)
}

/** For programs every column is always there. */
export function fetchTable(
  reports: readonly FetchReport[],
  { interactive }: Pick<Screen, 'interactive'>,
): Table {
  const table = allColumns(reports)
  return interactive && reports.every(isOfFiles) ? without(without(table, 'platforms'), 'digest') : table
}

function without({ columns, rows }: Table, key: string): Table {
  const at = columns.findIndex((column) => column.key === key)
  return { columns: columns.toSpliced(at, 1), rows: rows.map((row) => row.toSpliced(at, 1)) }
}

function allColumns(reports: readonly FetchReport[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true, comfortable: 44 },
      { key: 'platforms', title: 'platforms', shrink: true, drop: 1 },
      { key: 'blobs', title: reports.some(isOfFiles) ? 'files' : 'blobs', align: 'right' },
      { key: 'before', title: 'cached before', align: 'right' },
      { key: 'bytes', title: 'size', align: 'right' },
      { key: 'digest', title: 'digest', drop: 2 },
    ],
    rows: reports.map((report) => [
      words(report.name, 'strong'),
      listed(report.platforms),
      count(report.blobs),
      count(report.before),
      bytes(report.bytes),
      digest(report.digest),
    ]),
  }
}
