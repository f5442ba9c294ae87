import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { type Certificate, type CertificateFiles, readAuthorities } from './certificate.ts'
import { createSelfSigned } from './certificate-self.ts'
import { type CertificateWatch, watchCertificate } from './certificate-watch.ts'

/** Where the server's certificate comes from. */
export type CertificateSource =
  | { readonly kind: 'none' }
  /** Files that somebody else writes; they must be there. */
  | { readonly kind: 'files'; readonly files: CertificateFiles }
  /** Files that we get in time; until then, names are certified by ourselves. */
  | { readonly kind: 'expected'; readonly files: CertificateFiles; readonly names: readonly string[] }

export interface CertificateInUse {
  /** undefined: plain http. */
  current(): Certificate | undefined
  /** Goes on with this source; when it is the same, looks for changes at once. Rejects with CertificateError. */
  follow(source: CertificateSource): Promise<void>
  look(): Promise<void>
  stop(): void
}

/** Holds the certificate to serve, whatever its source. `onChange` is called when another one was read. */
export function createCertificateInUse(deps: {
  readonly clock: Clock
  readonly log: Log
  readonly onChange: () => void
}): CertificateInUse {
  let source: CertificateSource = { kind: 'none' }
  let watch: CertificateWatch | undefined
  let standIn: Certificate | undefined

  const follow = async (next: CertificateSource): Promise<void> => {
    if (isDeepStrictEqual(next, source)) return await watch?.look()
    const [nextWatch, nextStandIn] = await open(next, deps)
    watch?.stop()
    source = next
    watch = nextWatch
    standIn = nextStandIn
  }
  return {
    current: () => watch?.current() ?? standIn,
    follow,
    look: async () => await watch?.look(),
    stop: () => watch?.stop(),
  }
}

async function open(
  source: CertificateSource,
  deps: Parameters<typeof createCertificateInUse>[0],
): Promise<[CertificateWatch | undefined, Certificate | undefined]> {
  if (source.kind === 'none') return [undefined, undefined]
  const { files } = source
  if (source.kind === 'files')
    return [await watchCertificate({ ...deps, files, first: 'must be there' }), undefined]
  // Whoever demands certificates of clients demands them from the first moment.
  const clientCa = files.clientCa === undefined ? undefined : await readAuthorities(files.clientCa)
  const standIn = { ...createSelfSigned(source.names, deps.clock()), clientCa }
  const watch = await watchCertificate({ ...deps, files, first: 'may come later' })
  if (watch.current() === undefined) {
    deps.log.warn({ event: 'certificate' }, 'no certificate yet: clients get one that nobody signed')
  }
  return [watch, standIn]
}
