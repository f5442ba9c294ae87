import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SECOND } from '../domain/clock.ts'
import { type Certificate, OLDEST_TLS } from './certificate.ts'

/** How a server speaks TLS. */
export interface TlsOptions {
  readonly certificate: Certificate
  /** Seconds for Strict-Transport-Security; undefined: not said. */
  readonly hsts?: number | undefined
}

/** What a listener speaks; it cannot change while it listens. `mutual`: clients show a certificate too. */
export type Speech = 'plain' | 'tls' | 'mutual'

export function speechOf(tls: TlsOptions | undefined): Speech {
  if (tls === undefined) return 'plain'
  return tls.certificate.clientCa === undefined ? 'tls' : 'mutual'
}

const HANDSHAKE_WITHIN = 10 * SECOND

/** A server for http, or for https where there is a certificate. HTTP/2 is not offered: see ARCHITECTURE.md. */
export function createHttpServer(options: http.ServerOptions, tls: TlsOptions | undefined): http.Server {
  if (tls === undefined) return http.createServer(options)
  const mutual = speechOf(tls) === 'mutual' ? { requestCert: true, rejectUnauthorized: true } : {}
  return https.createServer({
    ...options,
    ...contextOf(tls),
    ...mutual,
    handshakeTimeout: HANDSHAKE_WITHIN,
    ALPNProtocols: ['http/1.1'],
  })
}

/** Gives new connections this certificate; those that stand keep theirs. Throws where it cannot be used. */
export function exchangeCertificate(server: http.Server, tls: TlsOptions): void {
  if (server instanceof https.Server) server.setSecureContext(contextOf(tls))
}

function contextOf({ certificate }: TlsOptions) {
  const { cert, key, clientCa } = certificate
  return { cert, key, minVersion: OLDEST_TLS, ...(clientCa === undefined ? {} : { ca: clientCa }) } as const
}

/** Connections whose handshake is not over: no request can come from them yet, and no one else knows them. */
export function watchHandshakes(server: http.Server): { end(): void } {
  const open = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket)
    open.set(name, socket)
    socket.once('close', () => open.delete(name))
  })
  // Node hands out another object for the same connection.
  server.on('secureConnection', (socket: TLSSocket) => open.delete(nameOf(socket)))
  return {
    end: () => {
      for (const socket of open.values()) socket.destroy()
    },
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? 0}`
}
