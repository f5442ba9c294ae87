import type { Cache } from '../../cache/cache.ts'
import { type Unproven, unkept, type Want } from '../../cache/want.ts'
import { AppError, isUpstreamTrouble } from '../../domain/errors.ts'
import { HF_HOST } from '../../domain/file-hosts.ts'
import type { Outcome } from '../../domain/names.ts'
import { orLacking } from './errors.ts'
import { parseJson } from './json.ts'
import { isCommit, type Repo } from './name.ts'
import type { Permit } from './permit.ts'
import { pointerWant, type Times } from './wants.ts'

/** Where a revision leads. */
export interface Pointed {
  readonly commit: string
  /** How that was learned; undefined where the revision is the commit. */
  readonly outcome: Outcome | undefined
  readonly warning: string | undefined
}

/** Finds the commit of a revision. Rejects with AppError. */
export type FindCommit = (permit: Permit, revision: string) => Promise<Pointed>

export function createFindCommit(cache: Cache, times: Times): FindCommit {
  const ask = async (permit: Permit, revision: string): Promise<Pointed> => {
    const want = { ...pointerWant(permit, revision, times), check: requirePointer(revision) }
    const read = cache.read(permit.isKept ? want : unkept(want))
    const { bytes, outcome, warning } = await orLacking({ code: 'RevisionNotFound' }, read)
    const { sha, id } = pointerIn(bytes) ?? {}
    if (sha === undefined) throw invalid('names no commit')
    if (id !== undefined) permit.requireAlso(id)
    return { commit: sha, outcome, warning }
  }

  /** A commit leads nowhere else, but its repository may have another name by now, which rules are about, too. */
  const lookAt = async (permit: Permit, commit: string): Promise<Pointed> => {
    const known = { commit, outcome: undefined, warning: undefined }
    if (permit.isForAnyName) return known
    try {
      await ask(permit, commit)
    } catch (error) {
      // What was let in once stays while nobody can say more about it.
      const isKnown = cache.source(pointerWant(permit, commit, times).key) !== undefined
      if (!isUpstreamTrouble(error) || !isKnown) throw error
    }
    return known
  }

  return (permit, revision) => (isCommit(revision) ? lookAt(permit, revision) : ask(permit, revision))
}

interface Pointer {
  readonly sha: string
  /** Of the repository. */
  readonly id: Repo['name'] | undefined
}

function pointerIn(bytes: Buffer): Pointer | undefined {
  const json = parseJson(bytes)
  if (json === undefined || !('sha' in json) || typeof json.sha !== 'string' || !isCommit(json.sha))
    return undefined
  const id = 'id' in json && typeof json.id === 'string' ? json.id : undefined
  return { sha: json.sha, id }
}

function requirePointer(revision: string): NonNullable<Want['check']> {
  return async ({ bytes }: Unproven) => {
    const pointer = bytes === undefined ? undefined : pointerIn(bytes)
    if (pointer === undefined) throw invalid('names no commit')
    if (isCommit(revision) && pointer.sha !== revision) throw invalid('names another commit')
  }
}

function invalid(said: string): AppError {
  return new AppError('upstream_invalid', { detail: { upstream: HF_HOST, said } })
}
