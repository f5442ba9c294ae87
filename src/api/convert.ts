import type { Router } from '@koa/router'
import { z } from 'zod'
import { splitKey } from '../auth/key-text.ts'
import { AppError } from '../domain/errors.ts'
import { convertedLines } from '../setup/converted.ts'
import { fileIn } from '../setup/file-text.ts'
import { imageIn } from '../setup/image-text.ts'
import { queryOf } from './answer.ts'
import type { Converted } from './contract-setup.ts'
import { convertedFile } from './converted.ts'
import { parseAsked } from './file-address.ts'
import { requireFileShown } from './lookup.ts'
import { parseName } from './selection.ts'
import { cameBy, requirePuller, type SetupDeps } from './setup.ts'
import { requireShown } from './shown.ts'

export const convertAsk = z.strictObject({ text: z.string().min(1).max(2000) })

/** From a name, an address or a pasted command to the lines that get it through the cache. Asks nobody. */
export function convertRoutes(router: Router, deps: SetupDeps): void {
  router.get('/convert', (ctx) => {
    requirePuller(ctx, deps)
    const { text } = queryOf(ctx, convertAsk)
    const address = cameBy(ctx.req, deps)
    const asked = parseAsked(fileIn(text), deps.config(), [address.host])
    if (asked !== undefined) {
      requireFileShown(ctx, asked)
      ctx.body = convertedFile(asked, address)
      return
    }
    const { route, reference } = parseName(deps, withoutUs(imageIn(text), address.host))
    const ref = reference ?? { kind: 'tag', text: 'latest' }
    const { upstream, repository } = route
    requireShown(ctx, { upstream: upstream.name, repository, ref: ref.text })
    const mark = ref.kind === 'digest' ? '@' : ':'
    const image = {
      upstream: upstream.name,
      isDefault: upstream.default,
      repository,
      mark,
      ref: ref.text,
    } as const
    const answer: Converted = {
      kind: 'image',
      name: `${upstream.name}/${repository}${mark}${ref.text}`,
      lines: convertedLines(address, image),
    }
    ctx.body = answer
  })
}

/** A name that goes through us already, perhaps with a key. */
function withoutUs(name: string, host: string): string {
  const [first = '', ...rest] = name.split('/')
  if (first.toLowerCase() !== host || rest.length === 0) return name
  const split = splitKey(`/v2/${rest.join('/')}`)
  if (split.kind === 'keyed') return split.path.slice('/v2/'.length)
  if (rest.join('/') === '') throw new AppError('name_invalid')
  return rest.join('/')
}
