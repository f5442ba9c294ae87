import type { GcGoal, GcReport } from '../../api/contract.ts'
import { formatBytes, parseBytes } from '../../domain/units.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { EXIT, usageError } from '../exit.ts'
import { badValue } from '../flags.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import { gcBlocks, gcDone } from '../views/gc.ts'

/** `gc`: makes room, by what nobody needs first. */
export const gc: Command = {
  name: 'gc',
  group: 'keep in order',
  summary: 'make room: expire, sweep, evict',
  flags: { 'dry-run': true, free: true, to: true, idle: true, grace: true, yes: true, json: true },
  about: [
    'Without a goal it does what the nightly job does. With one (--free, --to or --idle) it goes on, least recently',
    'used first, until the goal is reached. Pinned content, what is in use and what is younger than --grace stays.',
    'Pulls go on meanwhile. Exit 3 where the goal cannot be reached.',
  ],
  examples: ['gc --dry-run', 'gc --dry-run --to 70%', 'gc --free 20GiB --yes', 'gc --idle 90d'],
  run: (context) => {
    const asked = goalOf(context)
    return withApi(context, async (reached) => collect(reached, await resolved(asked, reached), context))
  },
}

/** The goal as typed; a percentage is resolved once the server said of what. */
interface AskedGoal {
  readonly goal: GcGoal
  readonly share: number | undefined
}

function goalOf({ flags }: Context): AskedGoal {
  const to = flags.text('to')
  const share = to === undefined ? undefined : shareOf(to)
  const given = (['free', 'to', 'idle'] as const).filter((name) => flags.on(name))
  if (given.length > 1)
    throw usageError({ what: `--${given.join(' and --')} contradict each other`, hint: 'one of them' })
  const free = flags.bytes('free')
  const bytes = to === undefined || share !== undefined ? undefined : parseBytes(to)
  if (to !== undefined && share === undefined && bytes === undefined) throw badTo(to)
  const [idle, grace] = [flags.duration('idle'), flags.duration('grace')]
  if (free === 0 || idle === 0)
    throw usageError({ what: `--${given.join('')} 0 is no goal`, hint: 'gc --help' })
  return {
    share,
    goal: {
      ...(free === undefined ? {} : { free }),
      ...(bytes === undefined ? {} : { to: bytes }),
      ...(idle === undefined ? {} : { idle }),
      ...(grace === undefined ? {} : { grace }),
    },
  }
}

function shareOf(text: string): number | undefined {
  if (!text.endsWith('%')) return undefined
  const percent = Number(text.slice(0, -1))
  if (/^\d{1,3}(\.\d+)?%$/.test(text) && percent <= 100) return percent / 100
  throw badTo(text)
}

function badTo(text: string): Error {
  return badValue('to', text, 'like "70%" or "100GiB"')
}

async function resolved({ goal, share }: AskedGoal, { api }: Reached): Promise<GcGoal> {
  if (share === undefined) return goal
  const { disk } = await api.get('/stats', {})
  if (disk.maxSize > 0) return { ...goal, to: Math.floor(disk.maxSize * share) }
  throw usageError({ what: 'a percentage of what? storage.max_size is 0', hint: '--to 100GiB' })
}

async function collect(reached: Reached, goal: GcGoal, context: Context): Promise<number> {
  const { flags } = context
  const hasGoal = goal.free !== undefined || goal.to !== undefined || goal.idle !== undefined
  if (flags.on('dry-run'))
    return dryRun(await ask(reached, { goal, dryRun: true }, context), reached, context)
  const asks = hasGoal && !flags.on('yes')
  // A person reads the plan before the answer; a program is told what was done alone.
  const isWatched = context.terminal.out.interactive
  if (asks) {
    const plan = await ask(reached, { goal, dryRun: true }, context)
    if (!flags.on('json') && isWatched) context.print(gcBlocks(plan, reached.config.storage.path))
    const question = `remove ${counted(plan.objects, 'object')} and free ${formatBytes(plan.frees)}?`
    await confirm(context, { objects: plan.objects, question })
  }
  const report = await ask(reached, { goal, dryRun: false }, context)
  if (flags.on('json')) context.json(report)
  else
    context.print([
      ...(asks && isWatched ? [] : gcBlocks(report, reached.config.storage.path)),
      gcDone(report),
    ])
  return report.reached ? EXIT.ok : EXIT.partial
}

function dryRun(report: GcReport, { config }: Reached, context: Context): number {
  if (context.flags.on('json')) context.json(report)
  else context.print([...gcBlocks(report, config.storage.path), gcDone(report)])
  return report.reached ? EXIT.ok : EXIT.partial
}

interface GcAsk {
  readonly goal: GcGoal
  readonly dryRun: boolean
}

function ask({ api }: Reached, { goal, dryRun: dry }: GcAsk, context: Context): Promise<GcReport> {
  const said = api.stream('/gc', { ...goal, dryRun: dry }, { signal: context.signal })
  return follow(said, { context, verb: dry ? 'looking' : 'deleting', noun: 'objects' })
}
