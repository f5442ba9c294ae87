import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { AUDIT_KEPT, type Audited } from '../../src/db/audit.ts'
import { basic, bcryptLine } from '../auth/support.ts'
import { assertNoParts } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import {
  type Cachalot,
  type CachalotOptions,
  type ConfigTables,
  type Pair,
  startPair,
} from '../support/cachalot.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import type { FakeUpstreamOptions } from '../support/fake-upstream.ts'
import type { Fetched, FetchOptions } from '../support/http.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** Passwords of the users there are: alice is an admin, carol an operator, bob neither. */
export const PASSWORDS = { alice: 'wonder', bob: 'builder', carol: 'singer' } as const

/** Where requests come from, as the proxy in front says. */
export const HOME = '10.1.2.3'
export const STRANGER = '203.0.113.7'

/** The header of a request from there. */
export const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })

/** The header of a request with this login, the user's own password by default. */
export function as(
  name: string,
  password: string = PASSWORDS[name as keyof typeof PASSWORDS] ?? 'none', // no other has one
): Record<string, string> {
  return { authorization: basic(name, password) }
}

/** Every client is behind a proxy that is believed, and nobody is limited. */
export const BEHIND_PROXY: ConfigTables = {
  server: { trusted_proxies: ['127.0.0.1/32'] },
  limits: { requests: '0' },
}

type GuardedOptions = Omit<CachalotOptions, 'hub' | 'config' | 'clock'> & {
  readonly auth?: ConfigTables['auth']
  readonly rule?: NonNullable<ConfigTables['rule']>
  readonly cache?: ConfigTables['cache']
  readonly fake?: FakeUpstreamOptions
}

export interface Guarded extends Pair {
  readonly clock: FakeClock
  /** The file of users. */
  readonly users: string
  /** GET from the address of a stranger, unless the headers say otherwise. */
  ask(path: string, headers?: Record<string, string>, method?: string): Promise<Fetched>
}

/** A cache with users, behind a proxy, with a clock that stands still. */
export async function startGuarded(t: Cleanup, options: GuardedOptions = {}): Promise<Guarded> {
  const { auth = {}, rule = [], cache: times = {}, ...rest } = options
  const users = join(await tempDir(t), 'users')
  await writeFile(users, linesOf(PASSWORDS))
  const clock = fakeClock()
  const config = {
    ...BEHIND_PROXY,
    auth: { htpasswd: users, admins: ['alice'], operators: ['carol'], ...auth },
    rule,
    cache: times,
  }
  const pair = await startPair(t, { ...rest, clock, config })
  return { ...pair, clock, users, ask: asker(pair.cache) }
}

/** The same without users. */
export async function startOpen(
  t: Cleanup,
  options: Omit<CachalotOptions, 'hub'> & { fake?: FakeUpstreamOptions } = {},
) {
  const clock = fakeClock()
  const { config = {}, ...rest } = options
  const pair = await startPair(t, { clock, ...rest, config: { ...BEHIND_PROXY, ...config } })
  return { ...pair, clock, ask: asker(pair.cache) }
}

function asker(cache: Cachalot): Guarded['ask'] {
  return (path, headers = {}, method = 'GET') =>
    cache.fetch(path, { method, headers: { ...from(STRANGER), ...headers } } satisfies FetchOptions)
}

export function linesOf(passwords: Readonly<Record<string, string>>): string {
  return Object.entries(passwords)
    .map(([name, password]) => bcryptLine(name, password))
    .join('')
}

export interface OciError {
  readonly code: string
  readonly message: string
}

/** The one error of an answer in the registry's shape. */
export function errorIn({ body }: Pick<Fetched, 'body'>): OciError {
  const { errors } = JSON.parse(body.toString()) as { errors: OciError[] } // the linter looked at it
  assert.equal(errors.length, 1)
  return errors[0] ?? assert.fail()
}

/** "403 DENIED"; of what went well, the status alone. */
export const codeOf = (answer: Fetched): string =>
  answer.status < 400 ? String(answer.status) : `${answer.status} ${errorIn(answer).code}`

/** What of an answer may not depend on anything but the question. */
export function shapeOf({ status, headers, body }: Pick<Fetched, 'status' | 'headers' | 'body'>): object {
  const { date: _date, 'x-request-id': _id, ...rest } = headers
  return { status, headers: rest, body: body.toString() }
}

/** A new pull key. */
export async function addKey(cache: Cachalot, name: string, expiresAt?: number): Promise<string> {
  const ask = expiresAt === undefined ? { name } : { name, expiresAt }
  return (await apiOf(cache).put('/keys', ask)).secret
}

/** All that was written down, oldest first. */
export function auditOf(cache: Cachalot): readonly Audited[] {
  return read(cache.dataDir, 'SELECT * FROM audit WHERE at > ? ORDER BY id', -AUDIT_KEPT).map((row) => {
    const { at, who, address, action, target, outcome, detail } = row as unknown as Audited // the columns of that table
    return { at, who, address, action, target, outcome, detail }
  })
}

function read(dataDir: string, sql: string, ...input: unknown[]): Record<string, unknown>[] {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  try {
    return db.prepare<unknown[], Record<string, unknown>>(sql).all(...input)
  } finally {
    db.close()
  }
}

/** What makes a difference to anybody's next pull; when and how often things were used does not. */
const TABLES = [
  'SELECT repository, kind, hex(ref) AS ref, hex(digest) AS digest, checked_at FROM entries ORDER BY 1, 2, 3',
  'SELECT hex(digest) AS digest, size, pinned FROM blobs ORDER BY 1',
  'SELECT hex(parent) AS parent, hex(child) AS child FROM edges ORDER BY 1, 2',
  'SELECT * FROM repositories ORDER BY id',
  'SELECT * FROM pins ORDER BY 1, 2',
  'SELECT hex(hash) AS hash, name, revoked_at FROM pull_keys ORDER BY 1',
]

/** Stands for everything that is kept, once no download runs: what lies in the index, and which files there are. */
export async function kept(cache: Cachalot): Promise<string> {
  await assertNoParts(cache.dataDir)
  const rows = TABLES.map((sql) => JSON.stringify(read(cache.dataDir, sql)))
  const files = await readdir(cache.dataDir, { recursive: true })
  const content = files.filter((name) => !name.startsWith('cachalot.')).sort()
  return createHash('sha256')
    .update([...rows, ...content].join('\n'))
    .digest('hex')
}

/** Pulls an image as a client does: by tag, then by digest all that is below. */
export async function pullWith(
  ask: Guarded['ask'],
  image: BuiltImage,
  {
    repo,
    tag,
    headers = {},
    base = '/v2',
  }: { repo: string; tag: string; headers?: Record<string, string>; base?: string },
): Promise<Fetched[]> {
  const blobs = [image.config, ...image.layers]
  const paths = [
    `manifests/${tag}`,
    `manifests/${image.manifest.digest}`,
    ...blobs.map(({ digest }) => `blobs/${digest}`),
  ]
  const answers: Fetched[] = []
  for (const path of paths) answers.push(await ask(`${base}/${repo}/${path}`, headers))
  return answers
}

export const statuses = (answers: readonly Fetched[]): readonly number[] => [
  ...new Set(answers.map(({ status }) => status)),
]

/** Both places that a key can have in a path. */
export function withKey(key: string, path: string): readonly string[] {
  const inFront = `/k/${key}${path}`
  return path.startsWith('/v2/') ? [inFront, path.replace('/v2/', `/v2/k/${key}/`)] : [inFront]
}

/** With a pull key "nas". */
export async function startKeyed(
  t: Cleanup,
  options: GuardedOptions = {},
): Promise<Guarded & { readonly key: string }> {
  const scene = await startGuarded(t, options)
  return { ...scene, key: await addKey(scene.cache, 'nas') }
}
