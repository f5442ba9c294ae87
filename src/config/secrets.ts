import { readText } from './files.ts'
import { variableName } from './issues.ts'
import type { Path } from './positions.ts'
import type { UpstreamSettings } from './schema.ts'
import type { Finding } from './source.ts'

/** What an upstream's files and variables hold. */
export interface UpstreamSecrets {
  readonly password: string | undefined
  readonly ca: string | undefined
}

export interface SecretsOptions {
  readonly upstreams: readonly UpstreamSettings[]
  /** From the environment, by index; they win over files. */
  readonly passwords: ReadonlyMap<number, string>
  /** The absolute path of a file that the key at `path` names. */
  readonly resolve: (path: Path, file: string) => string
}

/** Reads every password_file and ca_file, in the order of the upstreams. */
export function readSecrets(options: SecretsOptions): { secrets: UpstreamSecrets[]; findings: Finding[] } {
  const findings: Finding[] = []
  const secrets = options.upstreams.map((upstream, index) => {
    const path = ['upstream', index]
    const password = options.passwords.get(index) ?? readPassword(upstream, path, { ...options, findings })
    const unreadable = upstream.password_file !== undefined && password === undefined
    if (!unreadable) findings.push(...checkPair(upstream, password, path))
    return { password, ca: readCa(upstream, path, { ...options, findings }) }
  })
  return { secrets, findings }
}

type Reading = Pick<SecretsOptions, 'resolve'> & { readonly findings: Finding[] }

function readPassword(upstream: UpstreamSettings, table: Path, reading: Reading): string | undefined {
  if (upstream.password_file === undefined) return undefined
  const path = [...table, 'password_file']
  const file = reading.resolve(path, upstream.password_file)
  const read = readText(file)
  if ('trouble' in read) {
    reading.findings.push({ path, message: `${file} ${read.trouble}` })
    return undefined
  }
  // Container runtimes mount secrets there, with a mode that is theirs to choose.
  if (read.worldReadable && !file.startsWith('/run/secrets/')) {
    const message = `every user of this machine can read ${file}: chmod 600 it`
    reading.findings.push({ path, message, severity: 'warning' })
  }
  const password = read.text.replace(/\r?\n$/, '')
  if (password !== '') return password
  reading.findings.push({ path, message: `${file} is empty` })
  return undefined
}

function readCa(upstream: UpstreamSettings, table: Path, reading: Reading): string | undefined {
  if (upstream.ca_file === undefined) return undefined
  const path = [...table, 'ca_file']
  const file = reading.resolve(path, upstream.ca_file)
  const read = readText(file)
  if ('trouble' in read) reading.findings.push({ path, message: `${file} ${read.trouble}` })
  else if (read.text.includes('-----BEGIN CERTIFICATE-----')) return read.text
  else reading.findings.push({ path, message: `${file} holds no certificate in PEM form` })
  return undefined
}

function checkPair(
  { name, username }: UpstreamSettings,
  password: string | undefined,
  table: Path,
): Finding[] {
  if (username !== undefined && (password ?? '') === '') {
    const variable = `CACHALOT_UPSTREAM__${variableName(name)}__PASSWORD`
    return [{ path: [...table, 'username'], message: `needs a password: set password_file or ${variable}` }]
  }
  if (username === undefined && (password ?? '') !== '') {
    return [{ path: [...table, 'username'], message: 'is missing: a password alone is never sent' }]
  }
  return []
}
