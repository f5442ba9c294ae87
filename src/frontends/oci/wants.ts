import type { Want } from '../../cache/want.ts'
import { MINUTE } from '../../domain/clock.ts'
import type { Digest } from '../../domain/digest.ts'
import type { EntryKind } from '../../domain/names.ts'
import { EVERY_MANIFEST } from './accept.ts'
import type { Reference } from './path.ts'
import type { Route, UpstreamRoute } from './route.ts'

/** What the registry front end has to know of an upstream. */
export interface OciUpstream extends UpstreamRoute {
  /** Milliseconds. */
  readonly tagTtl: number
  readonly whenDeleted: 'keep' | 'follow'
}

export interface OciLimits {
  /** Milliseconds. */
  readonly staleIfError: number
  /** Bytes; 0 = no limit. */
  readonly maxManifest: number
  readonly maxBlob: number
}

type OciRoute = Route<OciUpstream>

/** Lists are asked again after a minute. */
const LIST_TTL = MINUTE
const LONGEST_LIST = 32 * 1024 * 1024

function common({ upstream, repository }: OciRoute, kind: EntryKind, ref: string) {
  return { frontEnd: 'oci', upstream: upstream.name, repository, kind, ref } as const
}

function request({ upstream, repository }: OciRoute, path: string, accept?: string) {
  const base = { upstream: upstream.name, path: `/v2/${repository}/${path}`, repository }
  return accept === undefined ? base : { ...base, accept }
}

export function blobWant(route: OciRoute, digest: Digest, limits: OciLimits): Want {
  return {
    key: common(route, 'blob', digest),
    request: request(route, `blobs/${digest}`),
    digest,
    freshness: { kind: 'immutable' },
    missing: 'blob_unknown',
    maxBytes: limits.maxBlob,
    keepHeaders: [],
  }
}

/** A manifest by digest is immutable; a tag points to one and is confirmed with a HEAD, which costs no pull. */
export function manifestWant(route: OciRoute, reference: Reference, limits: OciLimits): Want {
  const want = {
    key: common(route, 'manifest', reference.text),
    request: request(route, `manifests/${reference.text}`, EVERY_MANIFEST),
    missing: 'manifest_unknown',
    maxBytes: limits.maxManifest,
    keepHeaders: ['docker-content-digest'],
  } as const
  if (reference.kind === 'digest')
    return { ...want, digest: reference.text, freshness: { kind: 'immutable' } }
  const { tagTtl, whenDeleted } = route.upstream
  return {
    ...want,
    digest: undefined,
    freshness: {
      kind: 'revalidate',
      ttl: tagTtl,
      staleIfError: limits.staleIfError,
      whenDeleted,
      by: 'digest',
      metered: true,
    },
    byDigest: (digest) => manifestWant(route, { kind: 'digest', text: digest }, limits),
  }
}

/** One page of a list that the upstream keeps; `ref` tells pages apart. */
export function listWant(
  route: OciRoute,
  list: { kind: 'tags' | 'referrers'; path: string },
  limits: OciLimits,
): Want {
  return {
    key: common(route, list.kind, list.path),
    request: request(route, list.path, 'application/json, application/vnd.oci.image.index.v1+json'),
    digest: undefined,
    freshness: {
      kind: 'revalidate',
      ttl: Math.min(LIST_TTL, route.upstream.tagTtl),
      staleIfError: limits.staleIfError,
      whenDeleted: route.upstream.whenDeleted,
      by: 'etag',
      metered: false,
    },
    missing: 'name_unknown',
    maxBytes: LONGEST_LIST,
    keepHeaders: ['link'],
  }
}
