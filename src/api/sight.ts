import { type SplitName, splitName } from '../activity/running.ts'
import type { Access } from '../domain/access.ts'
import { hasRole } from '../domain/principal.ts'
import { seesAll } from './shown.ts'

/** What somebody may be shown of what happens. */
export interface Sight {
  /** Whoever looks after the cache, and whoever no rule hides anything from. */
  readonly all: boolean
  readonly isOperator: boolean
  /** Whether they may know of it: only what they may pull. */
  mayShow(name: SplitName): boolean
  mayShowName(name: string): boolean
}

export function sightOf(access: Access): Sight {
  const isOperator = hasRole(access.principal, 'operator')
  const all = seesAll(access)
  const mayShow = ({ repository: name, reference }: SplitName): boolean =>
    all || (access.mayPull({ name }) && (reference === undefined || access.mayPull({ name, reference })))
  return { all, isOperator, mayShow, mayShowName: (name) => mayShow(splitName(name)) }
}
