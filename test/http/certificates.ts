import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { type Cleanup, tempDir } from '../support/temp.ts'

export interface MadeCertificate {
  readonly cert: string
  readonly key: string
}

export interface Authority {
  readonly folder: string
  /** PEM. */
  readonly ca: string
  readonly caFile: string
  /** Signs a certificate for loopback with this common name. `days` may be negative: it is over then. */
  sign(name: string, days?: number): MadeCertificate
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const NAMES = 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost,DNS:cache.example'

/** A private authority, made by openssl in a folder that goes with the test. */
export async function createAuthority(t: Cleanup): Promise<Authority> {
  const folder = await tempDir(t)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  writeFileSync(join(folder, 'names.cnf'), NAMES)
  openssl(
    'req',
    '-x509',
    '-days',
    '30',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    ...KEY,
    '-subj',
    '/CN=Test CA',
  )
  const sign = (name: string, days = 90): MadeCertificate => {
    openssl('req', '-new', '-keyout', `${name}.key`, '-out', `${name}.csr`, ...KEY, '-subj', `/CN=${name}`)
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names.cnf']
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', String(days), ...authority)
    return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  }
  return { folder, ca: readFileSync(join(folder, 'ca.pem'), 'utf8'), caFile: join(folder, 'ca.pem'), sign }
}

/** Puts another pair in the place of one, each file in one step, as careful programs do. */
export function exchange(place: MadeCertificate, next: MadeCertificate): void {
  for (const what of ['cert', 'key'] as const) {
    writeFileSync(`${place[what]}.new`, readFileSync(next[what]), { mode: 0o600 })
    renameSync(`${place[what]}.new`, place[what])
  }
}

/** A handshake; gives the connection, which the test ends. Rejects where none comes about. */
export function shakeHands(port: number, options: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () =>
      resolve(socket),
    )
    socket.once('error', reject)
  })
}

/** The common name of the certificate that the server shows now. */
export async function shownBy(port: number): Promise<string> {
  const socket = await shakeHands(port)
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}
