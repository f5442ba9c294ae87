import type { GcGoal } from '../../../../src/api/contract-work.ts'

export const GOALS = ['expired', 'free', 'to', 'idle', 'untagged', 'platforms'] as const
export type GoalKind = (typeof GOALS)[number]
/** Those with a number. */
export type AmountKind = 'free' | 'to' | 'idle'

const GIB = 1024 ** 3
const DAY = 86_400_000

/** What stands in the form: a kind, and what belongs to it. */
export interface GoalForm {
  readonly kind: GoalKind
  readonly amounts: Readonly<Record<AmountKind, number>>
  /** Platforms that are cached, as far as they are known, and those of them that are not to be kept. */
  readonly platforms: readonly string[]
  readonly drop: readonly string[]
  /** Empty: all of them. */
  readonly upstream: string
  readonly filter: string
}

export const FIRST: GoalForm = {
  kind: 'expired',
  amounts: { free: 10, to: 70, idle: 30 },
  platforms: [],
  drop: [],
  upstream: '',
  filter: '',
}

export const isAboutImages = (kind: GoalKind): boolean => kind === 'untagged' || kind === 'platforms'

/** As the server takes it; undefined for what is no goal. `maxSize` in bytes. */
export function goalOf(form: GoalForm, maxSize: number): GcGoal | undefined {
  const { kind, upstream, filter } = form
  if (kind === 'expired') return {}
  const aim = aimOf(form, maxSize)
  if (aim === undefined) return undefined
  return {
    ...aim,
    ...(upstream === '' ? {} : { upstreams: [upstream] }),
    ...(isAboutImages(kind) && filter.trim() !== '' ? { filter } : {}),
  }
}

function aimOf({ kind, amounts, platforms, drop }: GoalForm, maxSize: number): GcGoal | undefined {
  if (kind === 'expired') return {}
  if (kind === 'untagged') return { untagged: true }
  if (kind === 'platforms') {
    const keep = platforms.filter((platform) => !drop.includes(platform))
    return keep.length > 0 && keep.length < platforms.length ? { platforms: keep } : undefined
  }
  const amount = amounts[kind]
  if (!Number.isFinite(amount) || amount < 0 || (kind !== 'to' && amount === 0)) return undefined
  if (kind === 'free') return { free: Math.round(amount * GIB) }
  if (kind === 'idle') return { idle: Math.round(amount * DAY) }
  return maxSize > 0 && amount <= 100 ? { to: Math.round((amount / 100) * maxSize) } : undefined
}
