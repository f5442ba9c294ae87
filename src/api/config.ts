import type { Router } from '@koa/router'
import { plainText } from '../config/issues.ts'
import { renderOrigin } from '../config/show.ts'
import type { ConfigRow } from './contract-setup.ts'
import type { ApiDeps } from './deps.ts'

/** Every key as it is in effect, with where it comes from; secrets are masked where they are read. */
export function configRoutes(router: Router, { effective }: ApiDeps): void {
  router.get('/config', (ctx) => {
    const { file, entries } = effective()
    const items = entries.map(
      ({ path, value, origin }): ConfigRow => ({
        key: path,
        value: plainText(value),
        origin: renderOrigin(origin),
        isDefault: origin.from === 'default',
      }),
    )
    ctx.body = { file, items }
  })
}
