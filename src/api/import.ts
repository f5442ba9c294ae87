import type { Router } from '@koa/router'
import { z } from 'zod'
import { allowLongBody } from '../domain/long-bodies.ts'
import type { Watch } from '../jobs/watch.ts'
import { queryOf, stream } from './answer.ts'
import type { ImportReport } from './contract-packages.ts'
import { asDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().min(1).max(512)
export const importAsk = z.strictObject({ as: name.optional(), upstream: name.optional() })

/** Archives of images into the cache. */
export function importRoutes(router: Router, deps: ApiDeps): void {
  router.post('/import', async (ctx) => {
    const { as, upstream } = queryOf(ctx, importAsk)
    about(ctx, { action: 'import', target: as ?? upstream ?? '' })
    const { access } = visitorOf(ctx)
    const size = Number(ctx.get('content-length') || 0)
    allowLongBody(ctx.req)
    // Whoever hears what is wrong before all was sent should not have to send the rest.
    ctx.set('connection', 'close')
    const bringIn = async (watch: Watch): Promise<ImportReport> => {
      // Where something is wrong with it, the connection is still needed to say so. Without an encoding it gives buffers.
      const body = ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
      const images = await deps.imports.run({ as, upstream, access, size }, body, watch)
      about(ctx, { action: 'import', target: images.map((image) => image.name).join(' ') })
      return { images }
    }
    await stream(ctx, (watch) => asDeed(deps, () => bringIn(watch)))
  })
}
