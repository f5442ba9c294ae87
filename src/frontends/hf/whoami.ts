import { AppError } from '../../domain/errors.ts'
import { principalName } from '../../domain/principal.ts'
import type { Exchange } from '../front-end.ts'
import type { Headers } from '../send.ts'

/**
 * Who somebody is here: that is what clients ask before they remember a token. Somebody's token of the hub itself is
 * nothing to us and goes nowhere, so whoever sends one where nobody has to log in is anonymous. Throws AppError
 * `unauthorized` for those who send nothing.
 */
export function sendWhoami({ access, req, res, line, id, notes }: Exchange, headers: Headers): void {
  const { principal } = access
  if (principal.kind === 'anonymous' && req.headers.authorization === undefined)
    throw new AppError('unauthorized')
  const name = principalName(principal)
  const body = Buffer.from(
    JSON.stringify({
      type: 'user',
      id: name,
      name,
      fullname: name,
      isPro: false,
      canPay: false,
      orgs: [],
      auth: { type: 'access_token', accessToken: { displayName: name, role: 'read' } },
    }),
  )
  notes.bytes = line.method === 'HEAD' ? 0 : body.length
  res.writeHead(200, {
    ...headers,
    'cache-control': 'no-store',
    'content-length': body.length,
    'x-cache': 'bypass',
    'x-request-id': id,
  })
  res.end(line.method === 'HEAD' ? undefined : body)
}
