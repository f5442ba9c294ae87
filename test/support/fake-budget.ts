import { type Answer, answerError } from './fake-answer.ts'

/** Docker Hub's pull limit. The test may change every field while the fake runs. */
export interface PullBudget {
  limit: number
  remaining: number
  /** Seconds. */
  window: number
  /** Seconds in the Retry-After of a 429. */
  retryAfter: number
}

/** The headers that tell the budget; HEAD tells it without spending. */
export function budgetHeaders(budget: PullBudget | undefined): Record<string, string> {
  if (budget === undefined) return {}
  return {
    'ratelimit-limit': `${budget.limit};w=${budget.window}`,
    'ratelimit-remaining': `${budget.remaining};w=${budget.window}`,
    'docker-ratelimit-source': '192.0.2.1',
  }
}

/** Takes one GET of a manifest from the budget; the refusal when nothing is left. */
export function spendPull(budget: PullBudget | undefined): Answer | undefined {
  if (budget === undefined) return undefined
  if (budget.remaining > 0) {
    budget.remaining -= 1
    return undefined
  }
  return answerError(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit', {
    ...budgetHeaders(budget),
    'Retry-After': String(budget.retryAfter),
  })
}
