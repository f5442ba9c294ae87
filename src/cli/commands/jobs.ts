import type { Command } from '../command.ts'
import { withApi } from '../reach.ts'
import { jobTable } from '../views/lists.ts'

const RUNS = 20

/** `jobs`: what ran lately. */
export const jobs: Command = {
  name: 'jobs',
  group: 'look',
  summary: 'the last runs of gc, scrub, verify and prefetch',
  flags: { limit: `that many, ${RUNS} by default`, json: true },
  run: (context) =>
    withApi(context, async ({ api }) => {
      const limit = context.flags.count('limit') ?? RUNS
      const { items } = await api.get('/jobs', { limit }, { signal: context.signal })
      if (context.flags.on('json')) context.json({ items })
      else if (items.length === 0) context.note('no job ran yet')
      else context.print([{ kind: 'table', table: jobTable(items, context.world.clock()) }])
    }),
}
