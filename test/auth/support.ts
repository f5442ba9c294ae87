import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashSync } from '@node-rs/bcrypt'
import type { AuditEvent } from '../../src/auth/audit.ts'
import { type AuthAsk, type AuthSettings, createAuthenticator } from '../../src/auth/authenticate.ts'
import { createPullKeys } from '../../src/auth/pull-keys.ts'
import { openIndex } from '../../src/db/index.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** As cheap as bcrypt gets. */
export function bcryptLine(name: string, password: string, cost = 4): string {
  return `${name}:${hashSync(password, { cost, version: '2y' })}\n`
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

export const PRIVATE = '10.0.0.7'
export const PUBLIC = '203.0.113.7'

/** An index on disk, its keys, and a file of users: alice (admin), bob, carol (operator). */
export async function createGate(t: Cleanup, settings: Partial<AuthSettings> = {}) {
  const folder = await tempDir(t)
  const file = join(folder, 'users')
  const passwords = { alice: 'wonder', bob: 'builder', carol: 'singer' }
  const lines = Object.entries(passwords).map(([name, password]) => bcryptLine(name, password))
  await writeFile(file, lines.join(''))
  const index = openIndex(join(folder, 'cachalot.db'), MIGRATIONS)
  t.after(() => index.close())
  const clock = fakeClock()
  const log = collectorLog()
  const keys = createPullKeys(index, clock)
  const audited: AuditEvent[] = []
  const users = { file, isOptional: false }
  const now: AuthSettings = { users, admins: ['alice'], operators: ['carol'], ...settings }
  const { authenticate } = createAuthenticator({
    settings: () => now,
    mayPullAnonymously: (address) => address === PRIVATE,
    keys,
    audit: (event) => void audited.push(event),
    clock,
    log,
  })
  const ask = async (one: Partial<AuthAsk>) =>
    await authenticate({ authorization: undefined, key: undefined, address: PUBLIC, isLogin: false, ...one })
  return { file, index, clock, log, keys, audited, ask }
}
