import type { AppError } from '../../domain/errors.ts'
import { type Because, because } from '../../domain/reasons.ts'
import type { PrefetchWhy } from './report.ts'

/** Thrown where an image has to wait for the next run. */
export class Leave extends Error {
  readonly why: PrefetchWhy
  /** What ends with it: one upstream, "" for the whole list, undefined for this image alone. */
  readonly ends: string | undefined

  constructor(why: Because, ends: string | undefined) {
    super(why.message)
    this.name = 'Leave'
    this.why = whyOf('left', why)
    this.ends = ends
  }
}

/** A run that is ended by somebody, or with the program. */
export const STOPPED: PrefetchWhy = whyOf('left', because('prefetch_stopped'))

export function whyOf(code: string, { message, why }: Because): PrefetchWhy {
  return { code, message, reason: why.id, params: why.params }
}

/** An error as reports tell it. */
export function whyOfError({ code, message, detail, why }: AppError): PrefetchWhy {
  const text = detail.said === undefined ? message : `${message}: ${detail.said}`
  return { code, message: text, ...(why === undefined ? {} : { reason: why.id, params: why.params }) }
}
