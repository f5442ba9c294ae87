import type { AuditRow, KeyRow } from '../../api/contract-access.ts'
import type { TokenRow } from '../../api/contract-session.ts'
import { type Block, gap, line } from '../blocks.ts'
import { ago, type Cell, count, moment, words } from '../cells.ts'
import type { Table } from '../table.ts'
import type { ClientLine } from './key-lines.ts'

export interface UserRow {
  readonly name: string
  readonly role: string
  /** "bcrypt 12", "apr1", "sha". */
  readonly hash: string
}

export function userTable(rows: readonly UserRow[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'role', title: 'role' },
      { key: 'hash', title: 'hash' },
    ],
    rows: rows.map(({ name, role, hash }) => [
      words(name, 'strong'),
      words(role),
      hash.startsWith('bcrypt') ? words(hash) : words(hash, 'warn'),
    ]),
  }
}

export function keyTable(rows: readonly KeyRow[], now: number): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'createdAt', title: 'made', drop: 2 },
      { key: 'createdBy', title: 'by', drop: 3 },
      { key: 'lastUsedAt', title: 'last used' },
      { key: 'uses', title: 'requests', align: 'right', drop: 1 },
      { key: 'expiresAt', title: 'expires' },
    ],
    rows: rows.map((row) => [
      words(row.name, 'strong'),
      ago(row.createdAt, now),
      words(row.createdBy),
      row.lastUsedAt === undefined ? { text: 'never', raw: '' } : ago(row.lastUsedAt, now),
      count(row.uses),
      expiry(row.expiresAt, now),
    ]),
  }
}

export function tokenTable(rows: readonly TokenRow[], now: number): Table {
  return {
    columns: [
      { key: 'user', title: 'user', shrink: true },
      { key: 'name', title: 'name', shrink: true },
      { key: 'createdAt', title: 'made', drop: 1 },
      { key: 'lastUsedAt', title: 'last used' },
      { key: 'expiresAt', title: 'expires' },
    ],
    rows: rows.map((row) => [
      words(row.user, 'strong'),
      words(row.name, 'strong'),
      ago(row.createdAt, now),
      row.lastUsedAt === undefined ? { text: 'never', raw: '' } : ago(row.lastUsedAt, now),
      expiry(row.expiresAt, now),
    ]),
  }
}

function expiry(at: number | undefined, now: number): Cell {
  if (at === undefined) return { text: 'never', raw: '' }
  const cell = moment(at)
  return at > now ? cell : { ...cell, text: `expired ${cell.text}`, tone: 'warn' }
}

/** A new key with what to do with it; programs get the key alone. */
export function newKeyBlocks(secret: string, lines: readonly ClientLine[]): readonly Block[] {
  const table: Table = {
    columns: [
      { key: 'client', title: 'client' },
      { key: 'line', title: 'line' },
      { key: 'place', title: 'goes into', drop: 1 },
    ],
    rows: lines.map(({ client, line: text, place }) => [
      words(client, 'strong'),
      words(text),
      words(place, 'dim'),
    ]),
  }
  return [line(secret, 'accent'), gap, { kind: 'table', table, row: 'line' }]
}

export function auditTable(rows: readonly AuditRow[], now: number): Table {
  return {
    columns: [
      { key: 'at', title: 'when' },
      { key: 'who', title: 'who', shrink: true },
      { key: 'address', title: 'from', drop: 1 },
      { key: 'action', title: 'did' },
      { key: 'target', title: 'what', shrink: true },
      { key: 'outcome', title: 'result' },
    ],
    rows: rows.map((row) => [
      ago(row.at, now),
      words(row.who, 'strong'),
      words(row.address === '' ? 'here' : row.address),
      words(row.action),
      words(row.target === '' ? undefined : row.target),
      words(row.outcome, row.outcome === 'ok' ? 'good' : 'bad'),
    ]),
  }
}
