import type { Router } from '@koa/router'
import { z } from 'zod'
import type { Annexed } from '../cache/annex.ts'
import { AppError } from '../domain/errors.ts'
import { createFileGlob } from '../domain/file-globs.ts'
import { isProtocolName, protocolNameProblem } from '../domain/protocol-names.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf, LONGEST_LIST } from './answer.ts'
import { briefly } from './briefly.ts'
import type { PinRow } from './contract.ts'
import { asDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { asWritten, fullPattern, isGlob } from './pattern.ts'
import { about } from './visitor.ts'

/** As many as a selection has. */
const MOST_AT_ONCE = 20_000
/** Each of them is tried on whatever is pulled. */
const MOST_GLOBS = 1000
const match = z
  .array(z.string().min(1).max(512).regex(/^\S+$/, 'must not hold blanks'))
  .min(1)
  .max(MOST_AT_ONCE)
  .refine((names) => names.filter(isGlob).length <= MOST_GLOBS, `at most ${MOST_GLOBS} with * or ? at once`)
export const putAsk = z.strictObject({
  match,
  reason: z.string().max(500).optional(),
  until: z.number().int().positive().optional(),
})
export const deleteAsk = z.strictObject({ match })

/** What is never evicted and never expires. */
export function pinRoutes(router: Router, deps: ApiDeps): void {
  const { pinned } = deps.parts

  const fullOf = (patterns: readonly string[]): readonly string[] => {
    const { upstreams } = deps.config()
    return [...new Set(patterns.map((pattern) => fullPattern(upstreams, pattern)))]
  }

  const list = async (): Promise<{ items: readonly PinRow[] }> => {
    const pins = pinned.list()
    const held = await deps.index.clerk.ask('pinHoldings', { matches: pins.map((pin) => pin.match) })
    const mirrors = await deps.parts.annex.list()
    const items = pins.map((pin, at) => {
      const { images, files, bytes } = held[at] ?? { images: 0, files: 0, bytes: 0 }
      const own = mirrorsUnder(pin.match, mirrors)
      return { ...pin, images, files: files + own.length, bytes: bytes + sumOf(own) }
    })
    return { items }
  }

  router.get('/pins', async (ctx) => {
    ctx.body = await list()
  })

  router.put('/pins', async (ctx) => {
    const { match: patterns, reason, until } = await bodyOf(ctx, putAsk, LONGEST_LIST)
    const target = briefly(asWritten(patterns))
    about(ctx, { action: 'pin', target, detail: { pins: patterns.length, reason, until } })
    requireMeaning(deps, patterns)
    if (until !== undefined && until <= deps.clock()) throw new AppError('bad_request', because('pin_over'))
    const pins = fullOf(patterns).map((full) => ({ match: full, reason, until }))
    await asDeed(deps, () => pinned.put(pins))
    ctx.body = await list()
  })

  router.delete('/pins', async (ctx) => {
    const { match: patterns } = await bodyOf(ctx, deleteAsk, LONGEST_LIST)
    about(ctx, {
      action: 'unpin',
      target: briefly(asWritten(patterns)),
      detail: { pins: patterns.length },
    })
    const missing = await asDeed(deps, () => pinned.remove(fullOf(patterns)))
    if (missing !== undefined) {
      const isConfigured = pinned.list().some((pin) => pin.match === missing && pin.origin === 'config')
      if (isConfigured) throw new AppError('bad_request', because('pin_fixed', { match: missing }))
      throw new AppError('not_found', because('no_pin', { match: missing }))
    }
    ctx.body = await list()
  })
}

const EXAMPLES: Readonly<Record<string, string>> = {
  go: 'go:golang.org/x/text',
  github: 'github:owner/repo',
  hf: 'hf:org/model',
  git: 'git:github.com/owner/repo',
}

function exampleFor(match: string): string {
  return EXAMPLES[match.slice(0, match.indexOf(':')).toLowerCase()] ?? ''
}

/** Throws AppError `bad_request` for patterns on files that can never match: they would keep nothing. */
function requireMeaning({ config }: ApiDeps, patterns: readonly string[]): void {
  const gitHosts = config().git.hosts.map(({ name }) => name)
  for (const match of patterns) {
    if (!isProtocolName(match) || protocolNameProblem(match, { of: 'entry', gitHosts }) === undefined)
      continue
    throw new AppError('bad_request', because('pin_empty', { match, example: exampleFor(match) }))
  }
}

function mirrorsUnder(match: string, mirrors: readonly Annexed[]): readonly Annexed[] {
  if (!isProtocolName(match)) return []
  const { isOfAll } = createFileGlob(match)
  return mirrors.filter(({ name }) => isOfAll(`git:${name}`))
}

function sumOf(mirrors: readonly Annexed[]): number {
  return mirrors.reduce((sum, { bytes }) => sum + bytes, 0)
}
