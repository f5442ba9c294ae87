import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Setting } from './subjects.ts'

/** A certificate for loopback that nobody signed, of an elliptic curve as public ones are; needs openssl. */
export function makeCertificate(folder: string): NonNullable<Setting['tls']> {
  const cert = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}
