import { common } from './en/common.ts'
import { pages } from './en/pages.ts'

export const en = { common, ...pages }

export type EN = typeof en
