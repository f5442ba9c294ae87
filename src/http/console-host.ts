import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AppError } from '../domain/errors.ts'
import { withoutControls } from '../domain/text.ts'
import { contains, toBlockList } from './client-address.ts'

/** How a request reached us, as its client sees it. */
export interface Approach {
  /** By https, our own or that of a proxy we trust. */
  isSecure(req: IncomingMessage): boolean
  /** "https://cache.example.com": public_url, else as this request came. */
  baseOf(req: IncomingMessage): string
  /** Throws AppError `denied` for a request to a name that may be somebody else's. */
  requireOwnHost(req: IncomingMessage): void
}

export interface ApproachSettings {
  readonly publicUrl: string | undefined
  readonly trustedProxies: readonly string[]
}

/**
 * Keeps API and console from DNS rebinding: a page of evil.example whose name suddenly leads to this machine is, for the
 * browser, at one origin with us. It brings no session and no password, those belong to our own name; but it would be
 * inside: it could guess passwords from an address we trust, and read what needs no login. So a name is only ours where
 * no stranger can have it: an address, localhost, a name without a dot or in a zone that nobody can register in. By
 * https any name is, since the browser has seen our certificate for it. With public_url it is that name alone.
 * Registry clients come by any name, and are no browsers.
 */
export function createApproach({ publicUrl, trustedProxies }: ApproachSettings): Approach {
  const proxies = toBlockList(trustedProxies)
  const published = publicUrl === undefined ? undefined : new URL(publicUrl).hostname.toLowerCase()

  const isSecure = ({ socket, headers }: IncomingMessage): boolean => {
    // A socket of TLS says so, every other one has no such field.
    if ((socket as Partial<TLSSocket>).encrypted === true) return true
    // The last word is that of the proxy next to us; what stands before it may be the client's own.
    const last = String(headers['x-forwarded-proto'] ?? '')
      .split(',')
      .at(-1)
    return last?.trim().toLowerCase() === 'https' && contains(proxies, socket.remoteAddress ?? '')
  }

  const isOwn = (req: IncomingMessage): boolean => {
    const name = hostIn(req)?.name
    if (name === undefined) return false
    if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true
    return published === undefined ? isSecure(req) || isPrivate(name) : name === published
  }

  return {
    isSecure,
    baseOf: (req) => publicUrl ?? `${isSecure(req) ? 'https' : 'http'}://${hostIn(req)?.host ?? 'localhost'}`,
    requireOwnHost: (req) => {
      if (isOwn(req)) return
      const name = withoutControls(req.headers.host ?? '').slice(0, 100)
      const way = published === undefined ? 'by its address, or set server.public_url' : `as ${publicUrl}`
      throw new AppError('denied', { message: `this cache is not known as "${name}": open it ${way}` })
    },
  }
}

const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::\d{1,5})?$/

/** What stands in the Host header, in lower case; undefined where it is no host. */
function hostIn({ headers }: IncomingMessage): { readonly host: string; readonly name: string } | undefined {
  const host = (headers.host ?? '').toLowerCase()
  const [, address, name] = HOST.exec(host) ?? []
  const found = address ?? name
  return found === undefined ? undefined : { host, name: found }
}

/** Zones that no registrar sells: RFC 6761, 6762, 8375, what ICANN keeps back, and what routers give out. */
const PRIVATE = /^[^.]+$|\.(?:local|lan|home|internal|intranet|private|corp|localdomain|test|home\.arpa)$/

function isPrivate(name: string): boolean {
  return PRIVATE.test(name)
}
