import type { Want } from '../../cache/want.ts'
import type { Target } from '../../domain/access.ts'
import type { Headers } from '../send.ts'
import type { OciResource } from './path.ts'
import type { Route } from './route.ts'
import type { OciLimits, OciUpstream } from './wants.ts'

/** A request about a repository, once it is clear which upstream has it and that it may be pulled. */
export interface Ask {
  readonly route: Route<OciUpstream>
  readonly limits: OciLimits
  /** On every answer to it. */
  readonly headers: Headers
  /** The want as it is, or without keeping anything for it where a rule forbids that. */
  readonly kept: (want: Want) => Want
}

/** What lies in a repository. */
export type NamedResource = Extract<OciResource, { name: readonly string[] }>

/** The thing as rules know it. */
export function targetOf({ upstream, repository }: Route<OciUpstream>, resource: NamedResource): Target {
  const name = `${upstream.name}/${repository}`
  if (resource.kind === 'tags') return { name }
  return { name, reference: resource.kind === 'manifest' ? resource.reference.text : resource.digest }
}

/** The thing as people write it. */
export function titleOf({ name, reference }: Target): string {
  if (reference === undefined) return name
  return `${name}${reference.includes(':') ? '@' : ':'}${reference}`
}
