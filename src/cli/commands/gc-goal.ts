import type { GcGoal } from '../../api/contract-work.ts'
import { parseFilter } from '../../domain/filter.ts'
import { parseBytes } from '../../domain/units.ts'
import type { Context } from '../context.ts'
import { usageError } from '../exit.ts'
import { badValue, type Flags } from '../flags.ts'
import type { Reached } from '../reach.ts'

/** The goal as typed; a percentage is resolved once the server said of what. */
export interface AskedGoal {
  readonly goal: GcGoal
  readonly share: number | undefined
}

const GOALS = ['free', 'to', 'idle', 'untagged', 'keep-platform'] as const

/** Throws CommandError (exit 2) for what cannot be meant. */
export function goalOf({ flags, world }: Context): AskedGoal {
  const to = flags.text('to')
  const share = to === undefined ? undefined : shareOf(to)
  const given = GOALS.filter((name) => flags.on(name))
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
      ...(flags.on('untagged') ? { untagged: true } : {}),
      ...platformsOf(flags),
      ...scopeOf(flags, world.clock()),
      ...(flags.on('include-gone') ? { includeGone: true } : {}),
      ...(grace === undefined ? {} : { grace }),
    },
  }
}

/** Whether it goes beyond what the nightly job does. */
export function hasGoal({ free, to, idle, untagged, platforms }: GcGoal): boolean {
  return [free, to, idle, untagged, platforms].some((one) => one !== undefined)
}

function platformsOf(flags: Flags): Pick<GcGoal, 'platforms'> {
  const text = flags.text('keep-platform')
  if (text === undefined) return {}
  const platforms = listOf(text)
  const isOne = (platform: string): boolean => /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/.test(platform)
  if (platforms.length > 0 && platforms.every(isOne)) return { platforms }
  throw badValue('keep-platform', text, 'like "linux/amd64,linux/arm/v7"')
}

function scopeOf(flags: Flags, now: number): Pick<GcGoal, 'upstreams' | 'filter'> {
  const [upstream, filter] = [flags.text('upstream'), flags.text('filter')]
  const parsed = parseFilter(filter ?? '', now)
  if ('problem' in parsed) throw usageError(parsed.problem)
  const upstreams = listOf(upstream ?? '')
  if (upstream !== undefined && upstreams.length === 0)
    throw badValue('upstream', upstream, 'like "docker.io,ghcr.io"')
  if (filter !== undefined && !flags.on('untagged') && !flags.on('keep-platform'))
    throw usageError({ what: '--filter goes with --untagged or --keep-platform', hint: 'rm --filter' })
  return { ...(upstream === undefined ? {} : { upstreams }), ...(filter === undefined ? {} : { filter }) }
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
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

/** Throws CommandError (exit 2) for a share of no limit. */
export async function resolved({ goal, share }: AskedGoal, { api }: Reached): Promise<GcGoal> {
  if (share === undefined) return goal
  const { disk } = await api.get('/stats', {})
  if (disk.maxSize > 0) return { ...goal, to: Math.floor(disk.maxSize * share) }
  throw usageError({ what: 'a percentage of what? storage.max_size is 0', hint: '--to 100GiB' })
}
