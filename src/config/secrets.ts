import { readText } from './files.ts'
import { nameOrHost, secretVariable } from './names.ts'
import { type Path, pathKey } from './positions.ts'
import type { Settings } from './schema.ts'
import { secretKeyOf } from './secret-keys.ts'
import type { Finding } from './source.ts'

/** What the files and variables of one table hold. */
export interface TableSecrets {
  /** Password or token. */
  readonly secret: string | undefined
  /** Certificates in PEM. */
  readonly ca: string | undefined
}

export interface SecretsOptions {
  readonly settings: Settings
  /** From the environment, by the key of the path they would have; they win over files. */
  readonly fromEnvironment: ReadonlyMap<string, string>
  /** The absolute path of a file that the key at `path` names. */
  readonly resolve: (path: Path, file: string) => string
}

/** What the table at a path holds. */
export type SecretsAt = (table: Path) => TableSecrets

/** Reads every password_file, token_file and ca_file. */
export function readSecrets(options: SecretsOptions): { secretsAt: SecretsAt; findings: Finding[] } {
  const findings: Finding[] = []
  const read = new Map<string, TableSecrets>()
  for (const table of tablesIn(options.settings))
    read.set(pathKey(table.path), readTable(table, { ...options, findings }))
  const secretsAt: SecretsAt = (path) => read.get(pathKey(path)) ?? NONE
  return { secretsAt, findings }
}

const NONE: TableSecrets = { secret: undefined, ca: undefined }

type Reading = Pick<SecretsOptions, 'resolve' | 'fromEnvironment'> & { readonly findings: Finding[] }

/** A table that has secrets or certificates. */
interface Holder {
  readonly path: Path
  /** For the name of its variable. */
  readonly named: { readonly name: string | undefined }
  readonly secretFile: string | undefined
  readonly caFile: string | undefined
  /** A login: name and password need each other. */
  readonly login?: { readonly username: string | undefined }
}

function tablesIn({ upstream, go, github, huggingface, git }: Settings): Holder[] {
  const logins = [
    ...upstream.map((one, index) => ({ one, path: ['upstream', index], name: one.name })),
    ...go.upstream.map((one, index) => {
      return { one, path: ['go', 'upstream', index], name: nameOrHost(one.name, one.url) }
    }),
  ].map(({ one, path, name }): Holder => {
    const { username, password_file, ca_file } = one
    return { path, named: { name }, secretFile: password_file, caFile: ca_file, login: { username } }
  })
  const others = Object.entries({ go, github, huggingface, git }).map(([name, one]): Holder => {
    const secretFile = 'token_file' in one ? one.token_file : undefined
    return { path: [name], named: { name }, secretFile, caFile: one.ca_file }
  })
  return [...logins, ...others]
}

function readTable(table: Holder, reading: Reading): TableSecrets {
  const { path, secretFile, login } = table
  const secret = readSecret(table, reading)
  const isUnreadable = secretFile !== undefined && secret === undefined
  if (login !== undefined && !isUnreadable) reading.findings.push(...checkPair(table, login.username, secret))
  if (login === undefined && secret !== undefined && !/^[\x21-\x7e]+$/.test(secret)) {
    const isSaid = reading.fromEnvironment.has(pathKey([...path, 'token']))
    const message = 'holds no token: one word is expected'
    reading.findings.push({ path: [...path, isSaid ? 'token' : 'token_file'], message })
  }
  return { secret, ca: readCa(table, reading) }
}

function readSecret({ path, secretFile }: Holder, reading: Reading): string | undefined {
  const { fromEnvironment, findings, resolve } = reading
  const key = secretKeyOf(path) ?? ''
  const said = fromEnvironment.get(pathKey([...path, key]))
  if (said !== undefined || secretFile === undefined) return said
  const place = [...path, `${key}_file`]
  const file = resolve(place, secretFile)
  const read = readText(file)
  if ('trouble' in read) {
    findings.push({ path: place, message: `${file} ${read.trouble}` })
    return undefined
  }
  // Container runtimes mount secrets there, with a mode that is theirs to choose.
  if (read.worldReadable && !file.startsWith('/run/secrets/')) {
    const message = `every user of this machine can read ${file}: chmod 600 it`
    findings.push({ path: place, message, severity: 'warning' })
  }
  const secret = read.text.replace(/\r?\n$/, '')
  if (secret !== '') return secret
  findings.push({ path: place, message: `${file} is empty` })
  return undefined
}

function readCa({ path, caFile }: Holder, { resolve, findings }: Reading): string | undefined {
  if (caFile === undefined) return undefined
  const place = [...path, 'ca_file']
  const file = resolve(place, caFile)
  const read = readText(file)
  if ('trouble' in read) findings.push({ path: place, message: `${file} ${read.trouble}` })
  else if (read.text.includes('-----BEGIN CERTIFICATE-----')) return read.text
  else findings.push({ path: place, message: `${file} holds no certificate in PEM form` })
  return undefined
}

function checkPair({ path, named }: Holder, username: string | undefined, password = ''): Finding[] {
  const place = [...path, 'username']
  if (username !== undefined && password === '') {
    return [{ path: place, message: `needs a password: set password_file or ${secretVariable(path, named)}` }]
  }
  if (username === undefined && password !== '') {
    return [{ path: place, message: 'is missing: a password alone is never sent' }]
  }
  return []
}
