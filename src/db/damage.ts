import Database from 'better-sqlite3'
import type { Clerk } from './clerk.ts'
import type { Db } from './open.ts'

/** The file is no database, malformed or cut short: waiting does not help, it has to be repaired. */
export function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && DAMAGE.test(error.code)
}

const DAMAGE = /^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ)/

/** What is wrong with the file; undefined when it is sound. `whole` compares the indexes with their tables too. */
export function flawOf(db: Db, depth: 'quick' | 'whole'): string | undefined {
  try {
    const check = depth === 'quick' ? 'quick_check(1)' : 'integrity_check(1)'
    const found = String(db.pragma(check, { simple: true }))
    return found === 'ok' ? undefined : found
  } catch (error) {
    if (!isDamage(error)) throw error
    return String(error)
  }
}

/** As `watchStatements`, for questions: what their thread throws comes as a code. */
export function watchClerk(clerk: Clerk, notice: (error: unknown) => void): Clerk {
  return {
    ...clerk,
    ask: async (question, input) => {
      try {
        return await clerk.ask(question, input)
      } catch (error) {
        if (DAMAGE.test((error as NodeJS.ErrnoException).code ?? '')) notice(error)
        throw error
      }
    },
  }
}

const CALLS = ['run', 'get', 'all'] as const

/**
 * From now on `notice` hears of damage that any statement of this connection runs into, so that it is repaired
 * also where the caller goes on without the answer.
 */
export function watchStatements(db: Db, notice: (error: unknown) => void): void {
  const prepare = db.prepare.bind(db)
  const watched = (sql: string) => {
    const statement = prepare(sql)
    for (const name of CALLS) {
      const call = statement[name].bind(statement)
      const value = (...args: unknown[]): unknown => {
        try {
          return call(...args)
        } catch (error) {
          if (isDamage(error)) notice(error)
          throw error
        }
      }
      Object.defineProperty(statement, name, { value })
    }
    return statement
  }
  // The same statements with the same calls; only the generics of `prepare` are lost on the way.
  db.prepare = watched as typeof db.prepare
}
