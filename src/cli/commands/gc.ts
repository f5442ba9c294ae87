import type { GcGoal, GcReport } from '../../api/contract-work.ts'
import { formatBytes } from '../../domain/units.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import { gcBlocks, gcDone } from '../views/gc.ts'
import { goalOf, hasGoal, resolved } from './gc-goal.ts'

/** `gc`: makes room, by what nobody needs first. */
export const gc: Command = {
  name: 'gc',
  group: 'keep in order',
  summary: 'make room: expire, sweep, evict',
  flags: {
    'dry-run': true,
    free: true,
    to: true,
    idle: true,
    untagged: true,
    'keep-platform': true,
    upstream: true,
    filter: 'only images that match, for --untagged and --keep-platform',
    'include-gone': true,
    grace: true,
    yes: true,
    json: true,
  },
  about: [
    'Without a goal it does what the nightly job does. With one (--free, --to or --idle) it goes on, least recently',
    'used first, until the goal is reached. --untagged takes images that no tag leads to, --keep-platform what is for',
    'other platforms: indexes stay, and a pull of such a platform fetches it again. Pinned content, what is in use and',
    'what is younger than --grace stays. What is freed cannot be undone.',
    'With a goal, what its upstream does not have any more, as far as it said, stays too, unless --include-gone is given.',
    'Files, modules and mirrors of git go by the same rules; a mirror goes whole. --untagged and --keep-platform are about',
    'images alone.',
    'Pulls go on meanwhile. Exit 3 where the goal cannot be reached.',
  ],
  examples: [
    'gc --dry-run',
    'gc --dry-run --to 70%',
    'gc --free 20GiB --yes',
    'gc --idle 90d',
    'gc --keep-platform linux/amd64 --dry-run',
    'gc --upstream hf,git --idle 30d',
  ],
  run: (context) => {
    const asked = goalOf(context)
    return withApi(context, async (reached) => collect(reached, await resolved(asked, reached), context))
  },
}

async function collect(reached: Reached, goal: GcGoal, context: Context): Promise<number> {
  const { flags } = context
  if (flags.on('dry-run'))
    return dryRun(await ask(reached, { goal, dryRun: true }, context), reached, context)
  const asks = hasGoal(goal) && !flags.on('yes')
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
