import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { DAY } from '../domain/clock.ts'

/** Where a certificate and what belongs to it lie. The same file may hold both, certificate and key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  /** Authorities that sign the certificates of clients. */
  readonly clientCa?: string | undefined
}

/** A certificate that can be served: PEM texts that belong together, and when they are good for. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string | undefined
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  readonly validTo: number
}

/** Why a certificate cannot be used, in one sentence that names the file. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
}

/** The oldest protocol that is spoken. */
export const OLDEST_TLS = 'TLSv1.2'

/** Reads the files and checks that they belong together. Rejects with CertificateError and nothing else. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const cert = await readPem(files.cert, 'CERTIFICATE')
  const key = await readPem(files.key, 'PRIVATE KEY')
  if (key.includes('ENCRYPTED')) {
    throw new CertificateError(
      `the key in ${files.key} is encrypted, and there is nobody to ask for its password`,
    )
  }
  const clientCa = files.clientCa === undefined ? undefined : await readAuthorities(files.clientCa)
  return checkCertificate({ cert, key, clientCa }, files)
}

/** Certificates of authorities, PEM. Rejects with CertificateError. */
export function readAuthorities(file: string): Promise<string> {
  return readPem(file, 'CERTIFICATE')
}

/** The PEM texts as a certificate. Throws CertificateError, which names the files. */
export function checkCertificate(
  pem: Pick<Certificate, 'cert' | 'key' | 'clientCa'>,
  files: CertificateFiles,
): Certificate {
  const leaf = attempt(`${files.cert} holds no readable certificate`, () => new X509Certificate(pem.cert))
  const key = attempt(`${files.key} holds no readable key`, () => createPrivateKey(pem.key))
  if (!leaf.checkPrivateKey(key)) {
    throw new CertificateError(`the key in ${files.key} does not belong to the certificate in ${files.cert}`)
  }
  const { cert, clientCa: ca } = pem
  attempt(`${files.cert} cannot be used`, () =>
    createSecureContext({ cert, key: pem.key, minVersion: OLDEST_TLS, ...(ca === undefined ? {} : { ca }) }),
  )
  return { ...pem, validFrom: leaf.validFromDate.getTime(), validTo: leaf.validToDate.getTime() }
}

/** Whether a certificate is good at that time. */
export function isValidAt({ validFrom, validTo }: Certificate, now: number): boolean {
  return validFrom <= now && now < validTo
}

/** Whether it ends so soon that somebody should look: less than 14 days, or than a quarter of its time. */
export function endsSoon({ validFrom, validTo }: Certificate, now: number): boolean {
  return validTo - now < Math.min(14 * DAY, (validTo - validFrom) / 4)
}

async function readPem(file: string, what: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CertificateError(`${file} ${troubleOf(error)}`)
  })
  if (new RegExp(`-----BEGIN [A-Z0-9 ]*${what}-----`).test(text)) return text
  throw new CertificateError(`${file} holds no ${what.toLowerCase()} in PEM form`)
}

function troubleOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words: Record<string, string> = {
    ENOENT: 'does not exist',
    EACCES: 'cannot be read: permission denied',
    EISDIR: 'is a folder, not a file',
  }
  return words[code] ?? `cannot be read (${code})`
}

function attempt<T>(trouble: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new CertificateError(`${trouble}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Changes whenever one of the files may have; undefined while one is missing. */
export async function fingerprintOf(files: CertificateFiles): Promise<string | undefined> {
  try {
    const marks: string[] = []
    for (const file of [files.cert, files.key, files.clientCa ?? files.cert]) {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
      marks.push([dev, ino, size, mtimeNs, ctimeNs].join(' '))
    }
    return marks.join('\n')
  } catch {
    // What is in use stays in use, whatever keeps us from looking.
    return undefined
  }
}

/** Whether others on this machine may read the key. Container runtimes choose the modes of what they mount. */
export async function isExposed(file: string): Promise<boolean> {
  if (file.startsWith('/run/secrets/')) return false
  return ((await stat(file)).mode & 0o004) !== 0
}
