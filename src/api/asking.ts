import { AppError } from '../domain/errors.ts'

/** Sort columns and cursors are judged where they are used: what is wrong with them is told as AppError `bad_request`. */
export async function orBadRequest<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RangeError) throw new AppError('bad_request', { message: error.message })
    throw error
  }
}

/** The same without keys that have no value. */
export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // Only keys without a value are left out.
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}
