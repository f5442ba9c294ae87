import { discover } from './en/discover.ts'
import { home } from './en/home.ts'

/** What is said on pages that most visits do not open: it comes with them. */
export const more = { discover, home }

export type EnMore = typeof more
