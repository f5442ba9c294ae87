import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../support/temp.ts'
import type { Cleanup } from './support.ts'

export interface Certificates {
  /** PEM of the authority. */
  readonly ca: string
  /** A host certificate for loopback addresses and hub.example, signed by the authority. */
  readonly host: { readonly key: string; readonly cert: string }
  /** One nobody signed. */
  readonly stray: { readonly key: string; readonly cert: string }
}

const NAMES = 'subjectAltName=IP:127.0.0.1,IP:127.0.0.2,IP:::1,DNS:localhost,DNS:hub.example'
const FRESH_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** A private authority and what it signs, made by openssl in a folder that goes with the test. */
export async function certificates(t: Cleanup): Promise<Certificates> {
  const folder = await tempDir(t)
  const run = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const self = (name: string) => ['-x509', '-days', '2', '-keyout', `${name}.key`, '-out', `${name}.pem`]
  writeFileSync(join(folder, 'names.cnf'), NAMES)
  run('req', ...self('ca'), ...FRESH_KEY, '-subj', '/CN=Test authority')
  run('req', ...self('stray'), ...FRESH_KEY, '-subj', '/CN=stray', '-addext', NAMES)
  run('req', '-new', '-keyout', 'host.key', '-out', 'host.csr', ...FRESH_KEY, '-subj', '/CN=host')
  const signing = [
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'names.cnf',
  ]
  run('x509', '-req', '-in', 'host.csr', '-out', 'host.pem', ...signing)
  const pair = (name: string) => ({ key: read(`${name}.key`), cert: read(`${name}.pem`) })
  return { ca: read('ca.pem'), host: pair('host'), stray: pair('stray') }
}
