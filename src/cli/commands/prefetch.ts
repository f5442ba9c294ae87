import type { PrefetchReport } from '../../api/contract-prefetch.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT, usageError } from '../exit.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import { prefetchBlocks, prefetchListTable } from '../views/prefetch.ts'

/** `prefetch [NAME…]`: runs lists of the configuration now, as they run by the clock. */
export const prefetch: Command = {
  name: 'prefetch',
  group: 'change',
  words: '[NAME…]',
  takes: [0, Infinity],
  summary: 'run [[prefetch]] lists now, or list them',
  flags: {
    list: true,
    'dry-run': 'say what would be fetched; upstreams are asked by HEAD, which costs no pull',
    json: true,
  },
  about: [
    'Without a NAME: all lists, one after the other. What is here already and did not move costs no pull and no bytes.',
    'A list stops before it leaves a registry that limits pulls fewer than its keep_pulls, and where all lists would take',
    'more than half of what an eviction leaves (storage.evict_to) beside pins. What is left comes first in the next run.',
    'Exit 3 where images are left or failed.',
  ],
  examples: ['prefetch --list', 'prefetch --dry-run', 'prefetch "base images"'],
  run: async (context) => {
    const { flags, words } = context
    const dry = flags.on('dry-run')
    if (flags.on('list')) {
      if (words.length > 0 || dry)
        throw usageError({ what: '--list goes with nothing else', hint: 'cachalot prefetch --list' })
      return await withApi(context, (reached) => list(reached, context))
    }
    return await withApi(context, (reached) => run(reached, dry, context), { create: !dry })
  },
}

async function list({ api }: Reached, context: Context): Promise<number> {
  const { items } = await api.get('/prefetch', {}, { signal: context.signal })
  if (context.flags.on('json')) context.json({ items })
  else if (items.length === 0) context.note('there is no list: write a [[prefetch]] into config.toml')
  else context.print([{ kind: 'table', table: prefetchListTable(items, context.world.clock()) }])
  return EXIT.ok
}

async function run({ api }: Reached, dryRun: boolean, context: Context): Promise<number> {
  const { words: names, signal, flags } = context
  const said = api.stream('/prefetch', { names, dryRun }, { signal })
  const reports = await follow(said, { context, verb: dryRun ? 'asking' : 'fetching', noun: 'images' })
  if (flags.on('json')) context.json(reports)
  else if (reports.length === 0) context.note('there is no list: write a [[prefetch]] into config.toml')
  else context.print(reports.flatMap(prefetchBlocks))
  if (dryRun) context.note('nothing was fetched. run without --dry-run to bring it in')
  return reports.every(isWhole) ? EXIT.ok : EXIT.partial
}

function isWhole({ left, failed }: PrefetchReport): boolean {
  return left + failed === 0
}
