import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Router } from '@koa/router'

/** What `test/openapi/write.ts` makes of the contract and the schemas that judge requests. */
export const OPENAPI_FILE = join(import.meta.dirname, 'openapi.json')

/** The description of this API (OpenAPI 3.1). It is the same for everybody who may read it. */
export function openApiRoutes(router: Router): void {
  let known: { readonly text: string; readonly etag: string } | undefined
  router.get('/openapi.json', (ctx) => {
    const { text, etag } = (known ??= read())
    // It changes with the program only: whoever has it asks whether it is still the same.
    ctx.set('cache-control', 'private, no-cache')
    ctx.set('etag', etag)
    ctx.status = 200
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.type = 'application/json'
    ctx.body = text
  })
}

function read() {
  // Without the blanks that make it readable in the repository.
  const text = JSON.stringify(JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')))
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
