import type { EnMore } from './en-more.ts'
import { discover } from './zh/discover.ts'
import { home } from './zh/home.ts'

export const more: EnMore = { discover, home }
