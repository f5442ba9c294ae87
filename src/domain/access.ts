import type { Principal } from './principal.ts'

/** What somebody wants, as rules name it. */
export interface Target {
  /** With its registry, as the cache knows it: "docker.io/library/nginx"; or "github:owner/repo", "go:…", "hf:…". */
  readonly name: string
  /** Tag or digest; undefined for what has none, and for whole repositories. */
  readonly reference?: string
}

/**
 * What whoever asks may do. It is asked before anything is looked up, so that an answer is the same whether a thing is
 * cached or not.
 */
export interface Access {
  readonly principal: Principal
  /** Throws AppError `denied` with the reason. */
  requirePull(target: Target): void
  mayPull(target: Target): boolean
  /** Throws AppError `denied` where rules keep everything of this upstream from them. */
  requireAnyOf(upstream: string): void
  /** Whether some tags of a repository may be theirs and others not. */
  tellsApart(name: string): boolean
  /** No rule is about anything, so lists need no look at each name. */
  readonly isUnrestricted: boolean
  /** False: it may be served, but is not kept. */
  mayStore(target: Target): boolean
  /** Throws AppError `unauthorized` where a login would help, else `denied`. */
  requireRole(role: 'operator' | 'admin'): void
}
