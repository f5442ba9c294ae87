import { readFileSync, statSync } from 'node:fs'

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What lego gets of our own environment: how to reach others and whom to trust, and no secret of ours. */
const PASSED = [
  'PATH',
  'LANG',
  'TZ',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'LEGO_CA_CERTIFICATES',
  'LEGO_CA_SYSTEM_CERT_POOL',
  'LEGO_CA_SERVER_NAME',
]

export interface LegoEnvironment {
  readonly variables: Record<string, string>
  /** Values that must not be logged. */
  readonly secrets: readonly string[]
  /** What the operator should know about the file. */
  readonly warning?: string
}

/**
 * The environment lego runs in: a few variables of ours, a home of its own, and those of the provider's file.
 * Throws an Error in words when that file cannot be read or understood.
 */
export function legoEnvironment(own: Environment, home: string, file: string | undefined): LegoEnvironment {
  const passed = PASSED.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]))
  const base = { ...Object.fromEntries(passed), HOME: home, TMPDIR: home }
  if (file === undefined) return { variables: base, secrets: [] }
  const text = readOrExplain(file)
  const provider = parseEnvironment(text, file)
  const isExposed = (statSync(file).mode & 0o004) !== 0 && !file.startsWith('/run/secrets/')
  return {
    variables: { ...base, ...provider },
    secrets: Object.values(provider),
    ...(isExposed ? { warning: `every user of this machine can read ${file}: chmod 600 it` } : {}),
  }
}

function readOrExplain(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const trouble = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new Error(`${file} ${trouble}`, { cause: error })
  }
}

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/

/** NAME=value, one a line, as Docker and systemd read them; quotes around a whole value go. */
export function parseEnvironment(text: string, file: string): Record<string, string> {
  const found: [string, string][] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, value = ''] = LINE.exec(line) ?? []
    // The line itself may be a secret.
    if (name === undefined) throw new Error(`${file}:${index + 1}: not NAME=value`)
    found.push([name, /^(["'])(.*)\1$/.exec(value)?.[2] ?? value])
  }
  return Object.fromEntries(found)
}
