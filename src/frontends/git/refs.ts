import type { Clock } from '../../domain/clock.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import { isRefusal } from '../../git/gate.ts'
import type { Git } from '../../git/git.ts'
import type { Known } from '../../git/refs.ts'
import { parseLsRefs } from '../../git/refs.ts'
import { AGENT, readable } from '../../git/remote.ts'
import { encodeLsRefs, type LsRefs } from '../../git/request.ts'
import type { Source } from '../../git/source.ts'
import type { Exchange } from '../front-end.ts'
import { advertisementOf, OWN, SERVICE } from './advertise.ts'
import type { Entered, Entering } from './entering.ts'
import { headersFor, sendBytes } from './headers.ts'
import type { Address } from './path.ts'
import { sendRun } from './stream.ts'

export interface RefsDeps {
  readonly git: Git
  readonly entering: Entering
  readonly clock: Clock
  readonly log: Log
}

/** Answers what refs a repository has: as its server says now, or as they were where it cannot be asked. */
export interface RefsServing {
  /** The first question of a clone, in the version that the client speaks. */
  advertise(address: Address, exchange: Exchange): Promise<void>
  list(entered: Entered, ask: LsRefs, exchange: Exchange): Promise<void>
}

export function createRefsServing(deps: RefsDeps): RefsServing {
  const { git, entering, clock, log } = deps
  const { mirrors, branches, remote } = git

  /** Nobody waits for what follows from it. */
  const notice = (source: Source, there: Known, prefixes: readonly string[]): void => {
    mirrors.noticed(source, there, prefixes).catch((error: unknown) => {
      log.warn({ event: 'git.notice', name: source.name, err: error }, 'a mirror could not be compared')
    })
  }

  const outcomeFor = async ({ name }: Source): Promise<'revalidated' | 'miss'> =>
    (await mirrors.find(name)) === undefined ? 'miss' : 'revalidated'

  const advertiseOld = async (entered: Entered, exchange: Exchange): Promise<void> => {
    if (entered.kind === 'stale')
      return await sendOwn(deps, { exchange, stale: entered }, { advertise: true })
    const { source } = entered
    const answer = await remote.advertisement(source, undefined).catch(orStale(deps, source))
    if ('kind' in answer) return await sendOwn(deps, { exchange, stale: answer }, { advertise: true })
    if ('movedTo' in answer)
      throw new AppError('upstream_invalid', { detail: { upstream: source.upstream, said: 'it moved' } })
    const { bytes, said } = answer
    if (said.version === 0) notice(source, said, [])
    const headers = headersFor(exchange, 'advertisement', { outcome: await outcomeFor(source) })
    sendBytes(exchange, headers, bytes)
  }

  return {
    advertise: async (address, exchange) => {
      const entered = await entering.enter(address, exchange)
      const isNew = speaksVersion2(exchange)
      const isOldServer = entered.kind === 'open' && entered.advertised.said.version === 0
      if (!isNew || isOldServer) return await advertiseOld(entered, exchange)
      if (entered.kind === 'stale') {
        const { warning } = entered
        return sendBytes(
          exchange,
          headersFor(exchange, 'advertisement', { outcome: 'stale', warning }),
          advertisementOf(OWN),
        )
      }
      const headers = headersFor(exchange, 'advertisement', { outcome: await outcomeFor(entered.source) })
      sendBytes(exchange, headers, advertisementOf(entered.advertised.said.capabilities))
    },
    list: async (entered, ask, exchange) => {
      const input = encodeLsRefs(ask, AGENT)
      if (entered.kind === 'stale')
        return await sendOwn(deps, { exchange, stale: entered }, { advertise: false, input })
      const { source } = entered
      const listed = await branches.list(source, ask).catch(orStale(deps, source))
      if ('kind' in listed)
        return await sendOwn(deps, { exchange, stale: listed }, { advertise: false, input })
      const { bytes, how } = listed
      const known = readable(source.upstream, () => parseLsRefs(bytes))
      if (how === 'asked') await mirrors.confirmed(source.name, clock())
      if (how === 'asked') notice(source, known, ask.prefixes)
      const outcome = how === 'known' ? 'hit' : how === 'joined' ? 'joined' : await outcomeFor(source)
      sendBytes(exchange, headersFor(exchange, 'result', { outcome }), bytes)
    },
  }
}

/** For `catch`: what is here, where its server cannot be asked. Rejects with what cannot be helped. */
function orStale({ git, entering }: RefsDeps, source: Source): (error: unknown) => Promise<Stale> {
  return async (error) => {
    // Also where it moved: it is looked for anew by the next one.
    git.gate.forget(source)
    if (isRefusal(error)) await git.mirrors.refused(source.name)
    const entered = await entering.fallBack(source, error)
    if (entered.kind !== 'stale') throw error
    return entered
  }
}

type Stale = Extract<Entered, { kind: 'stale' }>

async function sendOwn(
  { git }: RefsDeps,
  { exchange, stale }: { readonly exchange: Exchange; readonly stale: Stale },
  { advertise, input }: { readonly advertise: boolean; readonly input?: Buffer },
): Promise<void> {
  const { mirror, warning } = stale
  const leave = await git.lists.take()
  const run = mirror.uploadPack({ protocol: advertise ? undefined : 'version=2', advertise })
  const type = advertise ? 'advertisement' : 'result'
  const headers = headersFor(exchange, type, { outcome: 'stale', warning })
  const prefix = advertise ? { prefix: SERVICE } : {}
  try {
    if (!(await sendRun(exchange, run, { headers, input: input ?? Buffer.alloc(0), ...prefix })))
      throw new AppError('internal', { message: 'the mirror cannot be read' })
  } finally {
    leave()
  }
}

/** What a client says in Git-Protocol: words between colons. */
export function speaksVersion2({ req }: Exchange): boolean {
  const said = req.headers['git-protocol']
  return typeof said === 'string' && said.split(':').includes('version=2')
}
