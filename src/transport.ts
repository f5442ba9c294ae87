import type { RequestListener } from 'node:http'
import { createAcme } from './acme/acme.ts'
import { type AcmeFolder, acmeFolderIn } from './acme/folder.ts'
import { systemLater } from './acme/later.ts'
import type { Config, ServerConfig } from './config/config.ts'
import type { Clock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import type { Certificate } from './http/certificate.ts'
import {
  type CertificateInUse,
  type CertificateSource,
  createCertificateInUse,
} from './http/certificate-in-use.ts'
import type { ConnectionGate } from './http/connection-gate.ts'
import type { Redirect } from './http/redirect.ts'
import { createRedirectInUse } from './http/redirect-in-use.ts'
import { type Server, startServer } from './http/server.ts'
import type { TlsOptions } from './http/tls.ts'

export interface TransportDeps {
  readonly config: Config
  readonly handle: RequestListener
  /** Who may connect. */
  readonly gate: ConnectionGate
  readonly clock: Clock
  readonly log: Log
  /** Whether this process owns the data folder, and so the account with the certificate authority. */
  readonly isOwner: () => boolean
}

/** Where clients come in: the server itself, its certificate, and the plain listener beside it. */
export interface Transport {
  readonly address: Server['address']
  redirectAddress(): Redirect['address'] | undefined
  /** The one that is shown to clients; undefined: plain http. */
  certificate(): Certificate | undefined
  /** Takes another configuration into use. What of it cannot be is said in the log; never rejects. */
  update(config: Config): Promise<void>
  close(grace: number): Promise<void>
}

/** Listens. Rejects with the error of `listen`, or an Error in words about certificate or redirects. */
export async function startTransport(deps: TransportDeps): Promise<Transport> {
  const { clock, log } = deps
  const folder = acmeFolderIn(deps.config.storage.path)
  let config = deps.config.server
  let applyTls = (): Promise<void> => Promise.resolve()
  const certificate = createCertificateInUse({ clock, log, onChange: () => void applyTls() })
  await certificate.follow(sourceIn(config, folder))
  const server = await startServer({
    ...config.listen,
    handle: deps.handle,
    gate: deps.gate,
    tls: tlsOf(config, certificate),
  })
  applyTls = async () => {
    try {
      await server.setTls(tlsOf(config, certificate))
    } catch (error) {
      log.error({ event: 'tls', err: error }, 'the certificate could not be taken into use')
    }
  }
  const redirect = createRedirectInUse({
    challenges: folder.challenges,
    secureBase: (hostname) => secureBase(hostname, config.publicUrl, server.address.port),
    log,
  })
  try {
    await redirect.follow(config.tls.redirectHttp)
  } catch (error) {
    certificate.stop()
    await server.close(0)
    throw error
  }
  const acme = createAcme({
    settings: config.acme,
    folder,
    isOwner: deps.isOwner,
    environment: process.env,
    clock,
    later: systemLater,
    random: Math.random,
    log,
    onCertificate: () => void certificate.look(),
  })
  void acme.check()

  const apply = async (next: ServerConfig): Promise<void> => {
    try {
      await certificate.follow(sourceIn(next, folder))
      config = next
      await applyTls()
      await redirect.follow(next.tls.redirectHttp)
      void acme.update(next.acme)
    } catch (error) {
      log.error({ event: 'tls', why: String(error) }, 'the new configuration is not in use as a whole')
    }
  }
  let updating = Promise.resolve()
  return {
    address: server.address,
    redirectAddress: () => redirect.address(),
    certificate: () => certificate.current(),
    update: (next) => (updating = updating.then(() => apply(next.server))),
    close: async (grace) => {
      await updating
      certificate.stop()
      await Promise.all([acme.stop(), redirect.close(), server.close(grace)])
    },
  }
}

function sourceIn({ tls, acme }: ServerConfig, folder: AcmeFolder): CertificateSource {
  const { cert, key, clientCa } = tls
  if (cert !== undefined && key !== undefined) return { kind: 'files', files: { cert, key, clientCa } }
  if (acme.domains.length === 0) return { kind: 'none' }
  const files = { cert: folder.pair, key: folder.pair, clientCa }
  return { kind: 'expected', files, names: acme.domains }
}

function tlsOf({ tls }: ServerConfig, inUse: CertificateInUse): TlsOptions | undefined {
  const certificate = inUse.current()
  const hsts = tls.hsts === undefined ? undefined : Math.round(tls.hsts / 1000)
  return certificate === undefined ? undefined : { certificate, hsts }
}

/** The host that was asked for, at the port the world sees: that of public_url, else our own. */
function secureBase(hostname: string, publicUrl: string | undefined, ownPort: number): string {
  const isKnown = publicUrl?.startsWith('https:') === true
  const port = isKnown ? new URL(publicUrl).port : String(ownPort)
  return `https://${hostname}${port === '' || port === '443' ? '' : `:${port}`}`
}
