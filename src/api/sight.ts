import { type SplitName, splitName } from '../activity/running.ts'
import type { Access } from '../domain/access.ts'
import { hasRole, principalName } from '../domain/principal.ts'
import { mayPullAll, seesAll } from './shown.ts'

/** What somebody may be shown of what happens. */
export interface Sight {
  /** Whoever looks after the cache, and whoever no rule hides anything from. */
  readonly all: boolean
  readonly isOperator: boolean
  /** Whether something was done by this user, of whom is known who they are. */
  isOwn(who: string | undefined): boolean
  /** Whether they may know of it: only what they may pull. */
  mayShow(name: SplitName): boolean
  mayShowName(name: string): boolean
}

export function sightOf(access: Access): Sight {
  const isOperator = hasRole(access.principal, 'operator')
  const all = seesAll(access)
  const mayShow = ({ repository: name, reference }: SplitName): boolean =>
    all || (mayPullAll(access, name) && (reference === undefined || access.mayPull({ name, reference })))
  const own = access.principal.kind === 'anonymous' ? undefined : principalName(access.principal)
  const isOwn = (who: string | undefined): boolean => own !== undefined && who === own
  return { all, isOperator, isOwn, mayShow, mayShowName: (name) => mayShow(splitName(name)) }
}
