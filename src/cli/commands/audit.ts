import type { ApiClient } from '../../api/client.ts'
import type { AuditRow } from '../../api/contract-access.ts'
import { DAY } from '../../domain/clock.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { withApi } from '../reach.ts'
import { auditTable } from '../views/access.ts'

const PAGE = 500
const SHOWN = 50

/** `audit`: who did what from where. */
export const audit: Command = {
  name: 'audit',
  group: 'look',
  summary: 'who logged in, removed, pinned, made keys: from where, and how it ended',
  flags: {
    since: 'of the last "7d" by default; half a year is kept',
    limit: `that many, ${SHOWN} by default; with --json all`,
    json: 'one JSON document per line',
  },
  about: ['The newest comes first.'],
  examples: ['audit', 'audit --since 180d --json'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const isJson = context.flags.on('json')
      const limit = context.flags.count('limit') ?? (isJson ? Infinity : SHOWN)
      const rows: AuditRow[] = []
      for await (const row of listed(api, context, limit)) {
        if (isJson) context.write(`${JSON.stringify(row)}\n`)
        else rows.push(row)
      }
      if (rows.length > 0) context.print([{ kind: 'table', table: auditTable(rows, context.world.clock()) }])
      else if (!isJson) context.note('nothing happened in that time')
    }),
}

async function* listed(
  api: ApiClient,
  { flags, world, signal }: Context,
  limit: number,
): AsyncGenerator<AuditRow> {
  const since = world.clock() - (flags.duration('since') ?? 7 * DAY)
  let cursor: string | undefined
  let left = limit
  do {
    const ask = { since, limit: Math.min(PAGE, left), ...(cursor === undefined ? {} : { cursor }) }
    const page = await api.get('/audit', ask, { signal })
    yield* page.items
    left -= page.items.length
    cursor = page.nextCursor
  } while (cursor !== undefined && left > 0)
}
