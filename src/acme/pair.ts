import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CertificateFacts, isSameSet } from './decision.ts'
import { writeDurably } from './durable.ts'

/** A certificate chain and its key, which belong together. */
export interface Pair extends CertificateFacts {
  readonly cert: string
  readonly key: string
  readonly fingerprint: string
}

/** The pair in a file that holds both; undefined where there is none that fits. */
export function readPair(file: string): Pair | undefined {
  const text = readIfThere(file)
  return text === undefined ? undefined : pairOf(text, text)
}

/** Exchanges the pair in use in one step. */
export function installPair(file: string, { cert, key }: Pair): void {
  writeDurably(file, `${cert.trimEnd()}\n${key.trimEnd()}\n`)
}

/** The youngest good pair for exactly these names among what lego has written below its folder. */
export function findPair(legoPath: string, domains: readonly string[]): Pair | undefined {
  const folder = join(legoPath, 'certificates')
  const pairs = listIfThere(folder)
    .filter((name) => name.endsWith('.crt') && !name.endsWith('.issuer.crt'))
    .flatMap((name) => {
      const cert = readIfThere(join(folder, name))
      const key = readIfThere(join(folder, name.replace(/\.crt$/, '.key')))
      const pair = cert === undefined || key === undefined ? undefined : pairOf(cert, key)
      return pair === undefined || !isSameSet(pair.names, domains) ? [] : [pair]
    })
  return pairs.toSorted((a, b) => b.validFrom - a.validFrom)[0]
}

function pairOf(cert: string, key: string): Pair | undefined {
  try {
    const leaf = new X509Certificate(cert)
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return undefined
    return {
      cert,
      key: /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(key)?.[0] ?? key,
      names: namesOf(leaf),
      validFrom: leaf.validFromDate.getTime(),
      validTo: leaf.validToDate.getTime(),
      fingerprint: leaf.fingerprint256,
    }
  } catch {
    // Half written or something else; the same as not there.
    return undefined
  }
}

function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length).toLowerCase())
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
