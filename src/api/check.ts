import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import { AppError, toAppError } from '../domain/errors.ts'
import { keyName } from '../domain/names.ts'
import { because } from '../domain/reasons.ts'
import { sideBySide } from '../domain/side-by-side.ts'
import { manifestWant } from '../frontends/oci/wants.ts'
import { bodyOf, errorBody } from './answer.ts'
import { textOfAsked } from './asked-file.ts'
import type { CheckedName } from './contract-contents.ts'
import { asDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { requireAsked } from './file-address.ts'
import { parseName } from './selection.ts'

export const checkAsk = z.strictObject({ names: z.array(z.string().min(1).max(1000)).min(1).max(100) })

/** Names that are asked about at the same time. */
const AT_ONCE = 4

/** Asks upstreams whether cached names are still what they have: somebody pressed the button that says so. */
export function checkRoutes(router: Router, deps: ApiDeps): void {
  router.post('/check', async (ctx) => {
    const { names } = await bodyOf(ctx, checkAsk)
    const leaving = new AbortController()
    ctx.res.on('close', () => leaving.abort(new AppError('shutting_down', { message: 'interrupted' })))
    const items = await asDeed(deps, () =>
      checkAll(deps, [...new Set(names)], leaving.signal).finally(() => writeUses(deps.index)),
    )
    ctx.body = { items }
  })
}

/** In the order of the names. */
async function checkAll(
  deps: ApiDeps,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly CheckedName[]> {
  const checked: CheckedName[] = []
  await sideBySide(names.entries(), AT_ONCE, async ([at, name], others) => {
    checked[at] = await checkOne(deps, name, AbortSignal.any([signal, others]))
  })
  return checked
}

async function checkOne(deps: ApiDeps, name: string, signal: AbortSignal): Promise<CheckedName> {
  try {
    const asked = requireAsked(name, deps.config())
    if (asked !== undefined)
      throw new AppError('unsupported', because('files_unchecked', { name: textOfAsked(asked) }))
    const { route, reference } = parseName(deps, name)
    const { cache, limits } = deps.config()
    const wanted = reference ?? { kind: 'tag', text: 'latest' }
    const want = manifestWant(route, wanted, { ...limits, staleIfError: cache.staleIfError })
    const { error, ...found } = {
      error: undefined,
      upstreamDigest: undefined,
      ...(await deps.parts.check(want, signal)),
    }
    const told = { name: keyName(want.key), ...found }
    return error === undefined ? told : { ...told, error: errorBody(error) }
  } catch (error) {
    signal.throwIfAborted()
    const known = toAppError(error)
    if (known.code === 'internal') throw error
    return { name, digest: undefined, upstreamDigest: undefined, state: 'failed', error: errorBody(known) }
  }
}
