import type { GcGoal } from '../../../../src/api/contract.ts'

export const GOALS = ['expired', 'free', 'to', 'idle'] as const
export type GoalKind = (typeof GOALS)[number]

const GIB = 1024 ** 3
const DAY = 86_400_000

/** What stands in the form: a kind, and the number that belongs to it. */
export interface GoalForm {
  readonly kind: GoalKind
  readonly amounts: Readonly<Record<GoalKind, number>>
}

export const FIRST: GoalForm = { kind: 'expired', amounts: { expired: 0, free: 10, to: 70, idle: 30 } }

/** As the server takes it; undefined for what is no goal. `maxSize` in bytes. */
export function goalOf({ kind, amounts }: GoalForm, maxSize: number): GcGoal | undefined {
  const amount = amounts[kind]
  if (kind === 'expired') return {}
  if (!Number.isFinite(amount) || amount < 0 || (kind !== 'to' && amount === 0)) return undefined
  if (kind === 'free') return { free: Math.round(amount * GIB) }
  if (kind === 'idle') return { idle: Math.round(amount * DAY) }
  return maxSize > 0 && amount <= 100 ? { to: Math.round((amount / 100) * maxSize) } : undefined
}
