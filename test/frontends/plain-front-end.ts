import type { Cache } from '../../src/cache/cache.ts'
import { unkept, type Want } from '../../src/cache/want.ts'
import { MINUTE } from '../../src/domain/clock.ts'
import { AppError } from '../../src/domain/errors.ts'
import type { FrontEnd } from '../../src/frontends/front-end.ts'
import { sendContent, sendMeta } from '../../src/frontends/send.ts'

/** Files of one host, as plainly as can be: what a front end for files is made of, for tests of the engine. */
export function createPlainFrontEnd(cache: Cache, limits: { readonly maxFile: number }): FrontEnd<string> {
  return {
    name: 'github',
    parse: ({ path }) => {
      if (!path.startsWith('/files/')) return undefined
      if (path.includes('..')) throw new AppError('name_invalid')
      return path.slice('/files/'.length)
    },
    needOf: () => 'pull',
    serve: async (path, exchange) => {
      const target = { name: 'github:owner/repo' }
      exchange.notes.name = `github:owner/repo/${path}`
      exchange.access.requirePull(target)
      const whole = wantOf(path, limits.maxFile)
      const want = exchange.access.mayStore(target) ? whole : unkept(whole)
      if (exchange.line.method === 'HEAD') {
        sendMeta(exchange, await cache.stat(want), { ...ALWAYS, 'accept-ranges': 'bytes' })
      } else await sendContent(exchange, await cache.open(want), { ...ALWAYS })
    },
    fail: (error, { res, id, notes, line }) => {
      const body = `${error.message}\n`
      if (error.retryAfter !== undefined) res.setHeader('retry-after', error.retryAfter)
      res.writeHead(error.facts.status, {
        ...ALWAYS,
        'content-type': 'text/plain',
        'x-cache': notes.outcome ?? 'miss',
        'x-request-id': id,
      })
      res.end(line.method === 'HEAD' ? undefined : body)
    },
  }
}

const ALWAYS = {
  'content-type': 'application/octet-stream',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

function wantOf(path: string, maxBytes: number): Want {
  return {
    key: { frontEnd: 'github', upstream: 'github', repository: 'owner/repo', kind: 'file', ref: path },
    request: { upstream: 'files.test', path: `/${path}` },
    digest: undefined,
    freshness: path.startsWith('lasting')
      ? { kind: 'immutable' }
      : {
          kind: 'revalidate',
          ttl: 5 * MINUTE,
          staleIfError: 60 * MINUTE,
          whenDeleted: 'keep',
          by: 'validator',
          metered: false,
        },
    missing: 'not_found',
    maxBytes,
    keepHeaders: [],
  }
}
