import { isSecret } from './secret.ts'

/**
 * By https only our own https pages can set a name with this prefix, for this host alone: neither somebody on the way
 * nor a neighbouring host can slip a session in. Where there is no TLS, browsers refuse the prefix.
 */
const SECURE_NAME = '__Host-cachalot_session'
const PLAIN_NAME = 'cachalot_session'

/**
 * The secret in a Cookie header; undefined where there is none. Neither is there where it comes twice: only somebody
 * else on this host, at another port, can have set the second one.
 */
export function sessionIn(header: string | undefined, isSecure: boolean): string | undefined {
  const start = `${isSecure ? SECURE_NAME : PLAIN_NAME}=`
  const values = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start))
  const secret = values.length === 1 ? values[0]?.slice(start.length) : undefined
  return secret !== undefined && isSecret(secret) ? secret : undefined
}

/** A Set-Cookie header; without a secret one that takes the cookie away. */
export function sessionCookie(secret: string | undefined, isSecure: boolean, seconds = 0): string {
  const name = isSecure ? SECURE_NAME : PLAIN_NAME
  const age = secret === undefined ? 0 : seconds
  // No script reads it, and other sites make browsers send it for links alone, which change nothing.
  const attributes = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return `${name}=${secret ?? ''}; ${attributes}`
}
