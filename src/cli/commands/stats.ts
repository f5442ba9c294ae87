import { setTimeout as delay } from 'node:timers/promises'
import type { Stats } from '../../api/contract.ts'
import { DAY, SECOND } from '../../domain/clock.ts'
import { formatDuration } from '../../domain/units.ts'
import { renderBlocks } from '../blocks.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { withApi } from '../reach.ts'
import { statsBlocks } from '../views/stats.ts'

const WATCH_EVERY = 2 * SECOND
/** Cursor home, and everything below it gone: less flicker than clearing first. */
const HOME = '\u001b[H'
const CLEAR_BELOW = '\u001b[J'

/** `stats`: what the cache holds and what it saved. */
export const stats: Command = {
  name: 'stats',
  group: 'look',
  summary: 'what is on the disk, what was served, what that saved',
  flags: { since: true, watch: true, json: true },
  about: ['Traffic is that of the last 24 h unless --since says otherwise.'],
  examples: ['stats', 'stats --since 7d', 'stats --watch', 'stats --json | jq .disk.used'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const span = context.flags.duration('since') ?? DAY
      for (;;) {
        const now = context.world.clock()
        const answer = await api.get('/stats', { since: now - span }, { signal: context.signal })
        show(answer, span, context)
        if (!context.flags.on('watch')) return
        await delay(WATCH_EVERY, undefined, { signal: context.signal })
      }
    }),
}

function show(answer: Stats, span: number, context: Context): void {
  const watching = context.flags.on('watch')
  if (context.flags.on('json')) {
    // Watched, it is one document per line.
    if (watching) context.write(`${JSON.stringify(answer)}\n`)
    else context.json(answer)
    return
  }
  const { out } = context.terminal
  const blocks = statsBlocks(answer, { screen: out, span: formatDuration(span) })
  const text = renderBlocks(blocks, out)
  context.write(
    watching && out.interactive ? `${HOME}${text.replaceAll('\n', '\u001b[K\n')}${CLEAR_BELOW}` : text,
  )
}
