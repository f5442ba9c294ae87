import type { Db } from './open.ts'

/** Single facts about the index itself, by name. */
export interface Facts {
  get(name: string): string | undefined
  set(name: string, value: string): void
}

export function createFacts(db: Db): Facts {
  const get = db.prepare<[string], string>('SELECT value FROM facts WHERE name = ?').pluck()
  const set = db.prepare('INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  return { get: (name) => get.get(name), set: (name, value) => void set.run(name, value) }
}
