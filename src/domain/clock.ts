/** Wall time in integer milliseconds since the epoch. Time is an input, so tests can move it. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/** Milliseconds since some moment, the same for all threads of the process; it never goes back. */
export const steadyClock: Clock = () => Number(process.hrtime.bigint()) / 1e6

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
