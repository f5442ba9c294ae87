import type { Context } from 'koa'
import { AppError } from '../domain/errors.ts'
import type { Role } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import type { Api } from './routes.ts'
import type { Visitor } from './visitor.ts'

/** The least role that each route takes. What rules keep from users is left out of what they see. */
export const TAKES: Readonly<Record<keyof Api, Role | 'anyone'>> = {
  'GET /session': 'anyone',
  'POST /session': 'anyone',
  'DELETE /session': 'anyone',
  'POST /setup-admin': 'anyone',
  'PUT /session/password': 'user',
  'POST /setup/render': 'anyone',
  'GET /setup/watch': 'anyone',
  'GET /convert': 'anyone',
  'GET /openapi.json': 'user',
  'GET /stats': 'user',
  'GET /repositories': 'user',
  'GET /images': 'user',
  'GET /image': 'user',
  'GET /lookup': 'user',
  'GET /files': 'user',
  'GET /files/kinds': 'user',
  'GET /file': 'user',
  'GET /overview': 'user',
  'GET /series': 'user',
  'GET /live': 'user',
  'GET /events': 'user',
  'GET /requests': 'user',
  'GET /upstreams': 'user',
  'GET /tree': 'user',
  'GET /tags': 'user',
  'GET /tags/beside': 'user',
  'GET /repositories/usage': 'user',
  'GET /digests': 'user',
  'GET /manifest': 'user',
  'GET /tokens': 'user',
  'PUT /tokens': 'user',
  'DELETE /tokens': 'user',
  'GET /export': 'user',
  'GET /export/plan': 'user',
  'GET /hub/search': 'user',
  'GET /hub/tags': 'user',
  'GET /clients': 'operator',
  'POST /upstreams/test': 'operator',
  'POST /check': 'operator',
  'POST /selection': 'operator',
  'POST /evict': 'operator',
  'GET /evictions': 'operator',
  'POST /undo': 'operator',
  'POST /evictions/free': 'operator',
  'GET /pins': 'operator',
  'PUT /pins': 'operator',
  'DELETE /pins': 'operator',
  'GET /jobs': 'operator',
  'POST /jobs/stop': 'operator',
  'POST /remove': 'operator',
  'POST /gc': 'operator',
  'POST /gc/preview': 'operator',
  'POST /gc/narrow': 'operator',
  'POST /gc/run': 'operator',
  'GET /gc/platforms': 'operator',
  'POST /verify': 'operator',
  'POST /fetch': 'operator',
  'POST /import': 'operator',
  'GET /prefetch': 'operator',
  'POST /prefetch': 'operator',
  'GET /users': 'admin',
  'PUT /users': 'admin',
  'DELETE /users': 'admin',
  'GET /config': 'admin',
  'GET /keys': 'admin',
  'PUT /keys': 'admin',
  'DELETE /keys': 'admin',
  'GET /audit': 'admin',
}

/**
 * What gives access for longer than the token that asks for it may last: whoever got hold of one must not make another,
 * or a way in that stays when it is revoked.
 */
const NEVER_BY_TOKEN: ReadonlySet<string> = new Set<keyof Api>([
  'PUT /session/password',
  'PUT /tokens',
  'PUT /keys',
  'PUT /users',
])

/** Throws AppError. Routes that nobody put into the table are for admins. */
export function requireRole({ access }: Visitor, method: string, path: string): void {
  const role = roleOf(method, path)
  if (role === 'anyone') return
  const { principal } = access
  if (principal.kind === 'anonymous') throw new AppError('unauthorized')
  if (principal.kind === 'key') throw new AppError('denied', { message: 'a pull key only pulls' })
  if (role !== 'user') access.requireRole(role)
  if (principal.kind === 'user' && principal.with === 'token' && NEVER_BY_TOKEN.has(`${method} ${path}`))
    throw new AppError('denied', because('token_makes'))
}

/** Throws AppError `unauthorized`: who is nobody in particular learns not even which routes there are. */
export function requireSomebody({ access }: Visitor, method: string, path: string): void {
  if (access.principal.kind === 'anonymous' && roleOf(method, path) !== 'anyone')
    throw new AppError('unauthorized')
}

function roleOf(method: string, path: string): Role | 'anyone' {
  const route = `${method === 'HEAD' ? 'GET' : method} ${path}`
  // Whether it is a route of ours is what is asked here.
  return Object.hasOwn(TAKES, route) ? TAKES[route as keyof Api] : 'admin'
}

/**
 * Throws AppError `denied` for what a browser sends on behalf of another site: it adds passwords that it knows by
 * itself, and its user never asked for it.
 */
export function refuseForeignSites({ method, headers }: Context['req']): void {
  if (method === 'GET' || method === 'HEAD') return
  const site = headers['sec-fetch-site']
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none'
  const { origin, host } = headers
  const isElsewhere = origin !== undefined && hostOf(origin) !== host?.toLowerCase()
  if (isForeign || isElsewhere) throw new AppError('denied', because('foreign_site'))
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
