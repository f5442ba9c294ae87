import { codeOf, type Finding, finding, said, timed } from './finding.ts'
import type { Told } from './sentences.ts'

export interface Step<T> {
  readonly name: string
  /** What is tried, for when it fails. */
  readonly what: Told
  readonly advice: Told
  run(): Promise<T>
  /** What to say of the value; a plain "ok" with `what` when absent. */
  judge?(value: T): Omit<Finding, 'name' | 'ms'>
}

export interface Steps {
  readonly found: readonly Finding[]
  /** Undefined when the step failed: the ones that build on it make no sense then. */
  take<T>(step: Step<T>): Promise<T | undefined>
  add(finding: Finding): void
}

/** Findings in order, one per step, with the time each took. */
export function createSteps(): Steps {
  const found: Finding[] = []
  return {
    found,
    add: (finding) => void found.push(finding),
    take: async ({ name, what, advice, run, judge }) => {
      try {
        const { value, ms } = await timed(run)
        found.push({ name, ms, ...(judge?.(value) ?? finding('ok', what)) })
        return value
      } catch (error) {
        const { says, ...rest } = finding('fail', what, advice)
        const text = said(error)
        const detail = `${what.text}: ${text}`
        found.push({ name, ...rest, detail, says: { ...says, error: { code: codeOf(error), text } } })
        return undefined
      }
    },
  }
}
