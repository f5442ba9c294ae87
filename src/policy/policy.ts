import type { Target } from '../domain/access.ts'
import { type Principal, principalName } from '../domain/principal.ts'
import { createPattern, type KnownUpstream, type Pattern, targetName } from './pattern.ts'

export type Effect = 'allow' | 'deny'
/** Denied `store` means: served, but not kept. */
export type Action = 'pull' | 'store'

export interface Rule {
  readonly effect: Effect
  /** Patterns on names with their registry; see `createPattern`. */
  readonly match: readonly string[]
  /** "*", "anonymous", user names, "key:NAME". */
  readonly users: readonly string[]
  readonly actions: readonly Action[]
}

export interface Decision {
  readonly effect: Effect
  /** Which rule decided, counted from 0; undefined where none did. */
  readonly rule: number | undefined
  /** For people, also for the client: names nothing that it did not name itself. */
  readonly reason: string
}

export interface Policy {
  /** The first rule that matches decides; where none does, it is allowed. */
  decide(principal: Principal, target: Target, action: Action): Decision
  /** Whether what is decided of a name's pulls may depend on the tag. */
  tellsApart(principal: Principal, name: string): boolean
  /** Why nothing at all of this upstream may be pulled; undefined where something may be. */
  deniesAllOf(principal: Principal, upstream: string): string | undefined
  /** Everything is allowed to everybody. */
  readonly isEmpty: boolean
  /** Patterns that can never match anything, in words. */
  readonly warnings: readonly string[]
}

interface Compiled {
  readonly rule: Rule
  readonly index: number
  readonly patterns: readonly Pattern[]
}

const FREE: Decision = { effect: 'allow', rule: undefined, reason: 'no rule is about it' }

/** Rules, read once. Upstreams, and servers of git, are those that names can belong to. */
export function createPolicy(
  rules: readonly Rule[],
  upstreams: readonly KnownUpstream[],
  gitHosts?: readonly string[],
): Policy {
  const known = { upstreams, ...(gitHosts === undefined ? {} : { gitHosts }) }
  const compiled = rules.map(
    (rule, index): Compiled => ({
      rule,
      index,
      patterns: rule.match.map((text) => createPattern(text, { effect: rule.effect, ...known })),
    }),
  )
  const warnings = compiled.flatMap(({ index, patterns }) =>
    patterns.flatMap(({ warning }) => (warning === undefined ? [] : [`rule ${index + 1}: ${warning}`])),
  )
  return {
    warnings,
    isEmpty: compiled.length === 0,
    tellsApart: (principal, name) =>
      compiled.some(
        ({ rule, patterns }) =>
          isFor(rule, principalName(principal), 'pull') &&
          patterns.some((pattern) => pattern.tellsApart(name)),
      ),
    deniesAllOf: (principal, upstream) => {
      const who = principalName(principal)
      for (const { rule, index, patterns } of compiled) {
        if (!isFor(rule, who, 'pull')) continue
        const reaches = patterns.map((pattern) => pattern.reach(upstream))
        if (rule.effect === 'allow' && reaches.some((reach) => reach !== 'none')) return undefined
        if (rule.effect === 'deny' && reaches.includes('all'))
          return `rule ${index + 1} forbids ${who} to pull anything of ${upstream}`
      }
      return undefined
    },
    decide: (principal, target, action) => {
      if (compiled.length === 0) return FREE
      const who = principalName(principal)
      const found = compiled.find(
        ({ rule, patterns }) =>
          isFor(rule, who, action) && patterns.some((pattern) => pattern.matches(target)),
      )
      if (found === undefined) return FREE
      const { effect } = found.rule
      const verb = effect === 'deny' ? 'forbids' : 'allows'
      const reason = `rule ${found.index + 1} ${verb} ${who} to ${action} ${targetName(target)}`
      return { effect, rule: found.index, reason }
    },
  }
}

function isFor({ actions, users }: Rule, who: string, action: Action): boolean {
  return actions.includes(action) && (users.includes('*') || users.includes(who))
}
