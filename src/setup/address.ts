import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'

/** Where clients reach this cache. */
export interface Address {
  readonly isPlain: boolean
  /**
   * "cache.example.com", "10.0.0.5:5000" or "[fd00::1]:5000": lower case, without the usual port of its
   * scheme.
   */
  readonly host: string
}

const LONGEST = 255
const LABEL = '[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?'
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const WITH_PORT = /^(.+?)(?::([1-9]\d{0,4}))?$/

/**
 * A host with an optional port, in lower case; undefined for everything else. What passes has no character
 * that means anything to a shell, TOML, YAML or JSON inside of quotes, and that is what everything written
 * with it relies on.
 */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  const [, name = '', port] = WITH_PORT.exec(host) ?? []
  if (host.length > LONGEST || (port !== undefined && Number(port) > 65535)) return undefined
  const isBracketed = /^\[[0-9a-f:.]{2,45}\]$/.test(name)
  if (!isBracketed && !NAME.test(name)) return undefined
  const read = URL.parse(`http://${host}/`)?.hostname
  // "a.0" is no host for any client, and "1.2.3" another one than it says.
  return read !== undefined && (isBracketed || read === name) ? host : undefined
}

/** "https://cache.example.com", with nothing behind the host. Throws AppError `bad_request`. */
export function parseBase(text: string): Address {
  const [, scheme = '', host = ''] = /^(https?):\/\/([^/]*)\/?$/i.exec(text) ?? []
  return addressOf(scheme.toLowerCase() === 'http', host)
}

/** As a request came: the Host header and how it travelled. Throws AppError `bad_request`. */
export function addressOf(isPlain: boolean, host: string): Address {
  const known = parseHost(host)
  if (known === undefined) throw new AppError('bad_request', because('setup_base'))
  return { isPlain, host: known.replace(isPlain ? /:80$/ : /:443$/, '') }
}

/** "https://cache.example.com" */
export function urlOf({ isPlain, host }: Address): string {
  return `${isPlain ? 'http' : 'https'}://${host}`
}
