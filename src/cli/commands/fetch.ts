import type { FetchReport } from '../../api/contract.ts'
import { bytes, count, counted, digest, listed, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { EXIT, usageError } from '../exit.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import type { Table } from '../table.ts'
import { lookupBlocks } from './lookup.ts'

/** `fetch REF…`: brings images in before somebody needs them. */
export const fetch: Command = {
  name: 'fetch',
  group: 'change',
  words: 'REF…',
  takes: [1, Infinity],
  summary: 'bring images into the cache',
  flags: { platform: true, 'dry-run': 'say what is cached of them already', yes: true, json: true },
  about: ["Without --platform: that of this machine's server. What is cached already is not fetched again."],
  examples: [
    'fetch nginx:1.27',
    'fetch alpine:3 --platform linux/amd64,linux/arm64',
    'fetch alpine:3 --platform all',
  ],
  run: async (context) => {
    const platforms = platformsOf(context.flags.text('platform'))
    const names = context.words
    if (!context.flags.on('dry-run'))
      await confirm(context, { objects: names.length, question: `fetch ${counted(names.length, 'image')}?` })
    const dry = context.flags.on('dry-run')
    return withApi(
      context,
      (reached) => (dry ? preview(reached, context) : bring(reached, platforms, context)),
      {
        create: !dry,
      },
    )
  },
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

async function bring({ api }: Reached, platforms: readonly string[], context: Context): Promise<number> {
  const { words: names, signal } = context
  const said = api.stream('/fetch', { names, platforms }, { signal })
  const reports = await follow(said, { context, verb: 'fetching', noun: 'blobs' })
  if (context.flags.on('json')) context.json(reports)
  else context.print([{ kind: 'table', table: fetchTable(reports) }])
  return reports.length < names.length ? EXIT.partial : EXIT.ok
}

export function fetchTable(reports: readonly FetchReport[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'platforms', title: 'platforms', shrink: true, drop: 1 },
      { key: 'blobs', title: 'blobs', align: 'right' },
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
