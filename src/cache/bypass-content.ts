import { AppError } from '../domain/errors.ts'
import type { Run } from '../domain/run.ts'
import type { OriginClient, OriginHead, OriginResponse } from '../upstream/origin.ts'
import type { OpenAside } from './aside.ts'
import type { Asker } from './asker.ts'
import { createBypassRun, freshProof } from './bypass-run.ts'
import { isEmpty } from './download.ts'
import { createJudging, type Judging } from './judging.ts'
import { answerMeta } from './meta.ts'
import { samenessOf } from './sameness.ts'
import { type Turn, type Turns, takeTurn } from './turns.ts'
import type { Content, Want } from './want.ts'

export interface BypassDeps {
  readonly client: OriginClient
  readonly turns: Turns
  readonly asker: Pick<Asker, 'refused'>
  readonly openAside: OpenAside
}

/**
 * Nothing can be kept: the upstream's answer is passed through, still verified to its last byte. `open` is an
 * answer that came already; where too many are passed on at their clients' pace, it is given up for a later one.
 */
export async function bypassContent(
  deps: BypassDeps,
  want: Want,
  open: OriginResponse | undefined,
): Promise<Content> {
  const { client, turns } = deps
  const { upstream } = want.request
  const now = turns.now(upstream)
  if (now === undefined) open?.body.destroy()
  const turn = now ?? (await takeTurn(turns, upstream))
  let response = now === undefined ? undefined : open
  try {
    response ??= await client.get(want.request)
    refuse(want, response.head)
    return contentOf({ ...deps, turn, want, response })
  } catch (error) {
    response?.body.destroy()
    turn.end()
    throw error
  }
}

/** Throws for an answer that cannot be passed on as the whole content. */
function refuse(want: Want, { status, contentLength: size }: OriginHead): void {
  const { upstream } = want.request
  if (status !== 200) throw new AppError('upstream_invalid', { detail: { upstream, status } })
  if (want.maxBytes > 0 && (size ?? 0) > want.maxBytes) {
    throw new AppError('too_large', { detail: { upstream, size, limit: want.maxBytes } })
  }
  if (size === 0 && !isEmpty(want.digest)) {
    throw new AppError('upstream_invalid', { detail: { upstream, said: 'sent an empty body' } })
  }
}

interface Passing extends BypassDeps {
  readonly turn: Turn
  readonly want: Want
  readonly response: OriginResponse
}

function contentOf(facts: Passing): Content {
  const { client, turn, want } = facts
  const { head } = facts.response
  const total = head.contentLength
  const common = { client, request: want.request, total, sameness: samenessOf(want, head.etag) }
  let response: OriginResponse | undefined = facts.response
  const drop = (): void => {
    response?.body.destroy()
    response = undefined
  }
  const fromStart = (end: number | undefined): Run => {
    const first = response
    response = undefined
    const isWhole = end === undefined || end + 1 === total
    const proof = isWhole ? freshProof(want.digest) : undefined
    return createBypassRun({
      ...common,
      start: 0,
      end,
      response: first,
      proof,
      judging: isWhole ? judgingOf(facts, total) : undefined,
    })
  }
  return {
    ...answerMeta(want, head, { size: total, outcome: 'bypass' }),
    read: async (range) => {
      if (range === undefined || range.start === 0) return { run: fromStart(range?.end), outcome: 'bypass' }
      drop()
      return { run: createBypassRun({ ...common, ...range }), outcome: 'bypass' }
    },
    close: () => {
      drop()
      turn.end()
    },
  }
}

/** What whoever wants it says of all of it is remembered, as it is of what is kept. */
function judgingOf({ want, asker, openAside }: Passing, total: number | undefined): Judging | undefined {
  const { check } = want
  if (check === undefined) return undefined
  const judge: typeof check = async (content) => {
    try {
      await check(content)
    } catch (error) {
      asker.refused(want, error)
      throw error
    }
  }
  return createJudging({ judge, openAside, total })
}
