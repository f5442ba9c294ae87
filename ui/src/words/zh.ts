import type { EN } from './en.ts'
import { common } from './zh/common.ts'
import { pages } from './zh/pages.ts'

export const zh: EN = { common, ...pages }
