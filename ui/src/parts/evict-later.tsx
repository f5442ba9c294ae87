import { lazy } from '../lazy.tsx'

/** The dialog is loaded when it is opened first: most visits evict nothing. */
export const EvictDialog = lazy(async () => ({ default: (await import('../pieces/later.ts')).EvictDialog }))
