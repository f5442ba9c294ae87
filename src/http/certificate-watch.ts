import { type Clock, DAY, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import {
  type Certificate,
  CertificateError,
  type CertificateFiles,
  endsSoon,
  fingerprintOf,
  isExposed,
  isValidAt,
  readCertificate,
} from './certificate.ts'

export interface CertificateWatchOptions {
  readonly files: CertificateFiles
  readonly clock: Clock
  readonly log: Log
  /** Called with each good certificate after the first. */
  readonly onChange: (certificate: Certificate) => void
  /** Milliseconds between looks; 2,000. */
  readonly pollEvery?: number
}

export interface CertificateWatch {
  /** The last good one; undefined while there was none. */
  current(): Certificate | undefined
  /** Looks at once, and takes what has changed. Never rejects. */
  look(): Promise<void>
  stop(): void
}

/**
 * Reads a certificate and follows its files from then on. What cannot be used keeps the one before and is said in
 * the log. Rejects with CertificateError when the first one cannot be used, unless it may come later.
 */
export async function watchCertificate(
  options: CertificateWatchOptions & { readonly first: 'must be there' | 'may come later' },
): Promise<CertificateWatch> {
  const { files, clock, log, onChange, pollEvery = 2 * SECOND } = options
  let seen = await fingerprintOf(files)
  let current = await firstOf(options, seen)
  let unsettled: string | undefined
  let running = Promise.resolve()
  const warnOfEnd = createEndWarning(clock, log)
  warnOfEnd(current)

  const take = async (mark: string): Promise<void> => {
    seen = mark
    try {
      const next = await readCertificate(files)
      if (current !== undefined && isValidAt(current, clock()) && !isValidAt(next, clock())) {
        throw new CertificateError(`the certificate in ${files.cert} is not valid now`)
      }
      current = next
      log.info({ event: 'certificate', until: new Date(next.validTo) }, 'new certificate in use')
      onChange(next)
    } catch (error) {
      logRefusal(log, error, current !== undefined)
    }
  }
  const lookOnce = async (when: 'now' | 'settled'): Promise<void> => {
    const mark = await fingerprintOf(files)
    // Certificate and key are two files, often written one after the other.
    const isSettled = when === 'now' || mark === unsettled
    unsettled = mark
    if (mark !== undefined && mark !== seen && isSettled) await take(mark)
    warnOfEnd(current)
  }
  const look = (when: 'now' | 'settled'): Promise<void> => (running = running.then(() => lookOnce(when)))
  const poll = setInterval(() => void look('settled'), pollEvery).unref()
  return { current: () => current, look: () => look('now'), stop: () => clearInterval(poll) }
}

async function firstOf(
  { files, log, first, clock }: Parameters<typeof watchCertificate>[0],
  mark: string | undefined,
): Promise<Certificate | undefined> {
  if (first === 'may come later' && mark === undefined) return undefined
  try {
    const certificate = await readCertificate(files)
    if (await isExposed(files.key)) {
      log.warn({ event: 'certificate' }, `every user of this machine can read ${files.key}: chmod 600 it`)
    }
    if (!isValidAt(certificate, clock())) {
      log.error({ event: 'certificate' }, `the certificate in ${files.cert} is not valid now`)
    }
    return certificate
  } catch (error) {
    if (first === 'must be there') throw error
    logRefusal(log, error, false)
    return undefined
  }
}

function logRefusal(log: Log, error: unknown, isOldOneKept: boolean): void {
  const why = error instanceof CertificateError ? error.message : String(error)
  log.error(
    { event: 'certificate', why },
    isOldOneKept ? `the certificate in use stays: ${why}` : `this certificate cannot be used: ${why}`,
  )
}

/** Says once a day that the certificate in use ends soon. */
function createEndWarning(clock: Clock, log: Log): (certificate: Certificate | undefined) => void {
  let warnedAt = Number.NEGATIVE_INFINITY
  return (certificate) => {
    const now = clock()
    if (certificate === undefined || !endsSoon(certificate, now) || now - warnedAt < DAY) return
    warnedAt = now
    const days = Math.floor((certificate.validTo - now) / DAY)
    const left = days < 0 ? 'has ended' : `ends in ${days === 1 ? 'one day' : `${days} days`}`
    log.warn({ event: 'certificate', until: new Date(certificate.validTo) }, `the certificate in use ${left}`)
  }
}
