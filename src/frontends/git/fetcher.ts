import type { Access } from '../../domain/access.ts'
import type { Clock } from '../../domain/clock.ts'
import { AppError } from '../../domain/errors.ts'
import { because } from '../../domain/reasons.ts'
import type { Git } from '../../git/git.ts'
import type { Mirror } from '../../git/mirror.ts'
import { type Known, parseLsRefs } from '../../git/refs.ts'
import { readable } from '../../git/remote.ts'
import type { LsRefs } from '../../git/request.ts'
import type { Source } from '../../git/source.ts'
import { createEntering, type Entered, mayStore } from './entering.ts'
import type { Address } from './path.ts'
import type { GitSettings } from './settings.ts'

export interface FetchedMirror {
  /** "github.com/owner/repo", by which it may be called differently than it was asked for. */
  readonly name: string
  readonly bytes: number
  /** It was here; it is up to date now. */
  readonly before: boolean
}

/** Mirrors a repository for nobody in particular, or brings its mirror up to date. */
export interface GitFetcher {
  /** Rejects with AppError as a clone would be refused, and where no mirror can be kept. */
  fetchMirror(
    address: Address,
    ask: { readonly access: Access; readonly signal: AbortSignal },
  ): Promise<FetchedMirror>
  /** Bytes on disk of the mirror of that name ("github.com/owner/repo"), where one may be served. */
  sizeOf(name: string): Promise<number | undefined>
}

export function createGitFetcher(deps: {
  readonly git: Git
  readonly settings: () => GitSettings
  readonly clock: Clock
}): GitFetcher {
  const { git, settings, clock } = deps
  return {
    sizeOf: async (name) => (await git.mirrors.find(name))?.state.bytes,
    fetchMirror: async (address, { access, signal }) => {
      const entering = createEntering({ ...git, settings: settings(), clock })
      const visitor = { access, notes: { bytes: 0 } }
      const entered = await entering.enter(address, visitor)
      const { source } = entered
      if (!mayStore(visitor, source.name))
        throw new AppError('denied', because('not_to_keep', { name: `git:${source.name}` }))
      if (entered.kind === 'stale')
        throw new AppError('upstream_unreachable', {
          detail: { upstream: source.upstream, said: entered.warning },
        })
      const before = (await git.mirrors.find(source.name)) !== undefined
      const mirror = await orAborted(bring(git, entered), signal)
      if (mirror === undefined)
        throw new AppError('upstream_failed', because('no_mirror', { name: `git:${source.name}` }))
      await mirror.note({ usedAt: clock() })
      return { name: source.name, bytes: mirror.state.bytes, before }
    },
  }
}

async function bring({ mirrors, branches }: Git, { source, advertised }: Open): Promise<Mirror | undefined> {
  const { said } = advertised
  const there = said.version === 0 ? said : await listed(branches, source)
  // So it is known which branch HEAD stands for.
  await mirrors.noticed(source, there, EVERYTHING.prefixes)
  const started = await mirrors.refresh(source)
  return await started?.flight.done
}

async function listed(branches: Git['branches'], source: Source): Promise<Known> {
  const { bytes } = await branches.list(source, EVERYTHING)
  return readable(source.upstream, () => parseLsRefs(bytes))
}

type Open = Extract<Entered, { kind: 'open' }>

/** As git asks before a clone. */
const EVERYTHING: LsRefs = {
  kind: 'ls-refs',
  flags: ['peel', 'symrefs'],
  prefixes: ['HEAD', 'refs/heads/', 'refs/tags/'],
  objectFormat: 'sha1',
}

/** What is under way goes on: others may wait for it. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
