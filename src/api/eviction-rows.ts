import type { EvictionRow } from '../db/evictions.ts'
import type { Eviction } from './contract-evict.ts'
import type { ApiDeps } from './deps.ts'

/** An eviction as the contract has it. */
export function toEviction({ clock }: Pick<ApiDeps, 'clock'>, row: EvictionRow): Eviction {
  const { until, ...rest } = row
  return { ...rest, undoUntil: until !== undefined && until > clock() ? until : undefined }
}
