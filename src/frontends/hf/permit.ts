import { AppError } from '../../domain/errors.ts'
import { createGlob } from '../../domain/glob.ts'
import type { Exchange } from '../front-end.ts'
import { type Repo, shortName } from './name.ts'
import type { RepoAsk } from './wants.ts'

/** What whoever asks may do with a repository, and how the hub is asked about it. */
export interface Permit extends RepoAsk {
  readonly isKept: boolean
  /** It makes no difference what the repository is called. */
  readonly isForAnyName: boolean
  /** Throws AppError `denied` where the repository, which is really called that, may not be had by that name, too. */
  requireAlso(name: string): void
}

/** Throws AppError `denied`. */
export type Permits = (repo: Repo, exchange: Exchange) => Permit

/** Decides by rules, and which repositories are asked for with the token. */
export function createPermits(tokenFor: readonly string[]): Permits {
  const globs = tokenFor.map((pattern) => createGlob(pattern.toLowerCase()))
  const hasToken = (repo: Repo): boolean => globs.some((matches) => matches(shortName(repo).toLowerCase()))
  return (repo, { access }) => {
    const target = targetOf(repo)
    access.requirePull(target)
    const withToken = hasToken(repo)
    return {
      repo,
      withToken,
      isKept: access.mayStore(target),
      isForAnyName: access.isUnrestricted && !withToken,
      requireAlso: (name) => {
        if (name === repo.name) return
        const real: Repo = { type: repo.type, name }
        if (!access.mayPull(targetOf(real)) || (withToken && !hasToken(real))) throw strayed(repo)
      },
    }
  }
}

function targetOf(repo: Repo): { readonly name: string } {
  return { name: `hf:${shortName(repo)}` }
}

/** By its new name nobody asked, so it is not told. */
function strayed(repo: Repo): AppError {
  const message = `${shortName(repo)} has another name by now, by which it is not allowed here`
  return new AppError('denied', { message })
}
