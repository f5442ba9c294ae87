import { SECOND } from '../domain/clock.ts'
import { KIB } from '../domain/units.ts'

/** One configured upstream, as far as talking to it goes. */
export interface UpstreamSettings {
  readonly name: string
  /** http or https; a path in it is put before every request's path. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Of an upstream of files: sent as `Authorization: Bearer` with requests that ask for it. */
  readonly token?: string | undefined
  /**
   * registry (unless given): answers challenges, gets tokens from token services. files: is asked without any login,
   * but with the token, or name and password, where a request says `withToken`.
   */
  readonly kind?: 'registry' | 'files'
  /** When given, redirects leave this upstream for these only: "host", "host:port", "*.suffix" on the usual port. */
  readonly redirectHosts?: readonly string[]
  /** Outgoing http or https proxy; userinfo in it is its login. */
  readonly proxy?: string | undefined
  /** PEM text of certificates that are trusted beside the usual roots. */
  readonly ca?: string | undefined
  /** May connect to private and loopback addresses, redirects and token services included. */
  readonly allowPrivate: boolean
  /** Hosts ("auth.example.com" or "auth.example.com:8443") that may be token services besides the obvious. */
  readonly tokenHosts: readonly string[]
}

/** Milliseconds unless the name says otherwise. */
export interface ClientLimits {
  /** Name look-up and TCP. */
  readonly connectMs: number
  /** TLS handshake, after `connectMs`. */
  readonly tlsMs: number
  /** From the call until headers: tokens, redirects and retries included. */
  readonly headersMs: number
  /** Between two pieces of a body while we are ready to read. */
  readonly idleMs: number
  readonly keepAliveMs: number
  /** Connections per upstream and host. */
  readonly connections: number
  /** Bytes a body holds ahead of its reader. */
  readonly bodyBuffer: number
  /** Bytes of all headers of one answer. */
  readonly headerBytes: number
}

/**
 * Headers have to arrive before containerd gives up on us (30 s), a refusing or silent host has to be
 * noticed before a person does (2 s).
 */
export const DEFAULT_LIMITS: ClientLimits = {
  connectMs: 1700,
  tlsMs: 5 * SECOND,
  headersMs: 28 * SECOND,
  idleMs: 30 * SECOND,
  keepAliveMs: 60 * SECOND,
  // Bodies that clients read at their own pace take half of them at most (cache/turns.ts).
  connections: 128,
  bodyBuffer: 256 * KIB,
  headerBytes: 32 * KIB,
}
