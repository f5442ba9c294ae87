import { lstatSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { LoadedConfig } from '../config/load.ts'

/** A file beside index and content. */
export interface Piece {
  /** In the backup, with slashes. */
  readonly name: string
  /** Where it is now. */
  readonly from: string
}

export interface Contents {
  readonly pieces: readonly Piece[]
  /** Files with private keys and passwords that are left out. */
  readonly leftOut: readonly string[]
}

/** Keys of the configuration that name files, and whether those are secret enough to be asked for. */
const FILES: Readonly<Record<string, 'plain' | 'secret'>> = {
  cert: 'plain',
  client_ca: 'plain',
  ca_file: 'plain',
  htpasswd: 'plain',
  key: 'secret',
  dns_env_file: 'secret',
  password_file: 'secret',
  token_file: 'secret',
}

/**
 * What belongs into a backup beside the index: users, the key of git links, the configuration with what it names.
 * `withKeys`: also private keys, the folder of certificates, and passwords and tokens for elsewhere.
 */
export function contentsOf(loaded: LoadedConfig, withKeys: boolean): Contents {
  const data = loaded.config.storage.path
  const configured = namedFiles(loaded)
  const certificates = filesIn(join(data, 'acme')).map(({ name, from }) => ({ name: `acme/${name}`, from }))
  const plain: Piece[] = [
    { name: 'htpasswd', from: join(data, 'htpasswd') },
    { name: 'git/key', from: join(data, 'git', 'key') },
    { name: 'config/config.toml', from: resolve(loaded.file) },
    ...configured.filter(({ kind }) => kind === 'plain'),
  ]
  const secret = [...certificates, ...configured.filter(({ kind }) => kind === 'secret')]
  return {
    pieces: (withKeys ? [...plain, ...secret] : plain)
      .filter(isFile)
      .map(({ name, from }) => ({ name, from })),
    leftOut: withKeys ? [] : secret.filter(isFile).map(({ from }) => from),
  }
}

interface Named extends Piece {
  readonly kind: 'plain' | 'secret'
}

/** Files of the configuration that are in effect, named after their keys: "config/server.tls.cert". */
function namedFiles({ entries, file }: LoadedConfig): Named[] {
  return entries.flatMap(({ key, value, path, origin }) => {
    const kind = Object.hasOwn(FILES, key) ? FILES[key] : undefined
    if (kind === undefined || typeof value !== 'string' || value === '') return []
    const from = origin.from === 'env' ? resolve(value) : resolve(dirname(resolve(file)), value)
    return [{ name: `config/${path.replaceAll(/[^\w.-]+/g, '_')}`, from, kind }]
  })
}

/** Every file below a folder; none where there is none. Links lead elsewhere and stay. */
function filesIn(folder: string): Piece[] {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((from) => ({ name: from.slice(folder.length + 1), from }))
}

function isFile({ from }: Piece): boolean {
  return lstatSync(from, { throwIfNoEntry: false }) !== undefined
}
