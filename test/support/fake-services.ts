import type { Answer, Ask } from './fake-answer.ts'
import type { FakeCdn, SignedBlob } from './fake-cdn.ts'
import type { Service } from './fake-exchange.ts'
import type { Fault } from './fake-faults.ts'
import { replaceAnswer } from './fake-misdeed.ts'
import { parseRegistryPath, type RegistryPath } from './fake-path.ts'
import type { FakeAuth } from './fake-token.ts'

export interface RegistryParts {
  readonly auth: FakeAuth
  /** Whether /token belongs to this listener. */
  readonly ownsTokens: boolean
  /** Absolute, as challenges name it. */
  readonly tokenUrl: () => string
  /** The registry's answer; blobs go through `sign` where they are redirected. */
  readonly answer: (ask: Ask, path: RegistryPath, fault: Fault) => Answer
}

/** Credentials first, then the registry. Everything under /v2/ says which API it is. */
export function registryService({ auth, ownsTokens, tokenUrl, answer }: RegistryParts): Service {
  const tokens = tokenService(auth)
  function answerApi(ask: Ask, path: RegistryPath, fault: Fault): Answer {
    if (fault.expireToken === true) auth.expire(ask)
    return (
      replaceAnswer(fault, path.kind) ?? auth.refuse(ask, path.repo, tokenUrl()) ?? answer(ask, path, fault)
    )
  }
  return {
    label(ask) {
      if (ownsTokens && ask.path === '/token') return tokens.label(ask)
      return { role: 'registry', ...parseRegistryPath(ask.path) }
    },
    answer(ask, label, fault) {
      if (label.role === 'token') return tokens.answer(ask, label, fault)
      const plain = answerApi(ask, label, fault)
      return { ...plain, headers: { 'Docker-Distribution-API-Version': 'registry/2.0', ...plain.headers } }
    },
  }
}

export function tokenService(auth: FakeAuth): Service {
  return {
    label: () => ({ role: 'token', kind: 'token' }),
    answer: (ask, { kind }, fault) =>
      replaceAnswer(fault, kind) ?? auth.answerToken(ask, fault.expireToken === true),
  }
}

export function cdnService(cdn: FakeCdn): Service {
  return {
    label(ask) {
      const blob: Pick<SignedBlob, 'repo' | 'digest'> | undefined = cdn.find(ask.query)
      const names = blob === undefined ? {} : { repo: blob.repo, ref: blob.digest }
      return { role: 'cdn', kind: 'cdn', ...names }
    },
    answer(ask, { kind }, fault) {
      if (fault.expireRedirect === true) cdn.expire(ask)
      return replaceAnswer(fault, kind) ?? cdn.answer(ask)
    },
  }
}
