import type { Access } from '../../domain/access.ts'
import type { Clock } from '../../domain/clock.ts'
import type { PrefetchList } from '../../domain/prefetch-list.ts'
import type { Looked, Need, WarmAsk, WarmSource } from '../../domain/warming.ts'
import type { Watch } from '../watch.ts'
import { createCourse } from './course.ts'
import { STOPPED } from './leave.ts'
import { type ListedName, type ListNames, type NamesDeps, namesOf } from './names.ts'
import { createPullGuard, type SaidLimit } from './pulls.ts'
import type { PrefetchReport } from './report.ts'
import { createListRoom, type Holds, type ListRoomDeps } from './room.ts'
import { createTally } from './tally.ts'

export interface RunDeps {
  readonly source: WarmSource
  readonly readText: NamesDeps['readText']
  readonly rateLimit: (upstream: string) => SaidLimit | undefined
  /** What lists may hold now, for one run. */
  readonly most: () => Promise<ListRoomDeps['most']>
  readonly isPinned: ListRoomDeps['isPinned']
  /** In whose name images are asked for: rules bind lists, too. */
  readonly access: () => Access
  readonly clock: Clock
}

export interface RunAsk {
  readonly list: PrefetchList
  readonly dryRun: boolean
  /** What it left comes first. */
  readonly last: Pick<PrefetchReport, 'waiting' | 'holds'> | undefined
  /** What other lists hold. */
  readonly others: ListRoomDeps['others']
}

interface Pending extends ListedName {
  readonly looked: Looked
}

/**
 * Looks at every image of a list by HEAD, marks those that are complete as used, then fetches the others one after the
 * other, as far as pulls and room allow. Gives the report also where the watch's signal ended it.
 */
export async function runList(deps: RunDeps, ask: RunAsk, watch: Watch): Promise<PrefetchReport> {
  const startedAt = performance.now()
  const { signal } = watch
  const granted = deps.access()
  const tally = createTally(watch)
  const course = createCourse(tally, signal)
  const { names, others, beyond } = await namesFor(deps, ask, { access: granted, signal })
  tally.expect(names.length + others.length)
  for (const row of others) tally.add(row)
  const most = await deps.most()
  const steps = createSteps(deps, { ...ask, most, tally, granted, signal })
  const pending: Pending[] = []
  for (const listed of names)
    await course.attempt(listed, async () => {
      pending.push(...(await steps.look(listed)))
    })
  for (const one of pending) await course.attempt(one, () => steps.come(one))
  tally.beyond(beyond)
  const ms = Math.round(performance.now() - startedAt)
  const { list, dryRun } = ask
  const sums = tally.sums(dryRun)
  const isAll = !signal.aborted && sums.left + sums.failed === 0
  const holds = isAll ? steps.holds() : atLeast(steps.holds(), ask.last?.holds ?? [])
  return { list: list.name, dryRun, ...sums, holds, stopped: signal.aborted, ms }
}

/** What was not looked at is here still: other lists would take its place. */
function atLeast(now: Holds, before: Holds): Holds {
  const upstreams = new Set([...now, ...before].map(({ upstream }) => upstream))
  const bytesIn = (holds: Holds, name: string): number =>
    holds.find(({ upstream }) => upstream === name)?.bytes ?? 0
  return [...upstreams].map((upstream) => ({
    upstream,
    bytes: Math.max(bytesIn(now, upstream), bytesIn(before, upstream)),
  }))
}

interface StepsAsk extends RunAsk {
  readonly most: ListRoomDeps['most']
  readonly tally: ReturnType<typeof createTally>
  readonly granted: Access
  readonly signal: AbortSignal
}

/** The two things that are done for an image. */
function createSteps(deps: RunDeps, { list, dryRun, others, most, tally, granted, signal }: StepsAsk) {
  const { source, rateLimit, clock, isPinned } = deps
  const room = createListRoom({ most, others, isPinned })
  const guard = createPullGuard({ rateLimit, clock, floor: list.keepPulls })
  const askOf = (name: string): WarmAsk => ({ name, platforms: list.platforms, access: granted, signal })

  /** Throws Leave. */
  const approve = (upstream: string, { pulls, bytes, holds }: Need): void => {
    guard.requirePulls(upstream, pulls)
    if (bytes !== undefined) room.requireRoom(upstream, holds)
  }

  const plan = ({ name, upstream, looked }: Pending): void => {
    guard.plan(upstream, looked.pulls)
    if (looked.bytes !== undefined) room.hold(upstream, looked.holds)
    tally.due(name, looked)
  }

  const bring = async ({ name, upstream }: Pending): Promise<void> => {
    const holds = await source.bring(askOf(name), {
      approve: (need) => approve(upstream, need),
      pulled: tally.pulled,
      took: tally.took,
    })
    room.hold(upstream, holds)
    tally.fetched(name)
  }

  return {
    holds: () => room.holds(),
    /** Gives the image back where something of it has to come. */
    look: async (listed: ListedName): Promise<readonly Pending[]> => {
      const looked = await source.look(askOf(listed.name))
      if (!looked.isComplete) return [{ ...listed, looked }]
      room.hold(listed.upstream, looked.holds)
      if (!dryRun) source.touch(askOf(listed.name))
      tally.same(listed.name)
      return []
    },
    come: async (one: Pending): Promise<void> => {
      if (!dryRun) return await bring(one)
      approve(one.upstream, one.looked)
      plan(one)
    },
  }
}

/** Where it is stopped before the names are known, those that wait go on waiting. */
async function namesFor(
  deps: RunDeps,
  { list, last }: RunAsk,
  ask: Pick<WarmAsk, 'access' | 'signal'>,
): Promise<ListNames> {
  const first = last?.waiting ?? []
  try {
    return await namesOf(deps, list, { ...ask, first })
  } catch (error) {
    if (!ask.signal.aborted) throw error
    const left = { state: 'left', pulls: 0, bytes: undefined, why: STOPPED } as const
    return { names: [], others: first.map((name) => ({ name, ...left })), beyond: [] }
  }
}
