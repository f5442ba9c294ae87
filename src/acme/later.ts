/** Runs something after so many milliseconds, unless what it gives is called before. Time is an input. */
export type Later = (ms: number, run: () => void) => () => void

/** Keeps no process alive. */
export const systemLater: Later = (ms, run) => {
  const timer = setTimeout(run, ms).unref()
  return () => clearTimeout(timer)
}
