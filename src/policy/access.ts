import type { Access } from '../domain/access.ts'
import { AppError } from '../domain/errors.ts'
import { ANONYMOUS, hasRole, type Principal } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import type { Policy } from './policy.ts'

/** What principals may do under one set of rules. */
export type Grant = (principal: Principal) => Access

/** Rules and roles as front ends ask for them. */
export function createGrant(policy: Policy): Grant {
  const anonymous = grant(policy, ANONYMOUS)
  return (principal) => (principal.kind === 'anonymous' ? anonymous : grant(policy, principal))
}

function grant(policy: Policy, principal: Principal): Access {
  return {
    principal,
    isUnrestricted: policy.isEmpty,
    requirePull: (target) => {
      const { effect, reason } = policy.decide(principal, target, 'pull')
      if (effect === 'deny') throw new AppError('denied', { message: reason })
    },
    requireAnyOf: (upstream) => {
      const message = policy.deniesAllOf(principal, upstream)
      if (message !== undefined) throw new AppError('denied', { message })
    },
    mayPull: (target) => policy.decide(principal, target, 'pull').effect === 'allow',
    tellsApart: (name) => policy.tellsApart(principal, name),
    mayStore: (target) => policy.decide(principal, target, 'store').effect === 'allow',
    requireRole: (role) => {
      if (hasRole(principal, role)) return
      if (principal.kind === 'anonymous') throw new AppError('unauthorized')
      throw new AppError('denied', because(ROLES[role]))
    },
  }
}

const ROLES = { operator: 'takes_operator', admin: 'takes_admin' } as const
