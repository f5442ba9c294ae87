/** Looking for images that may not be cached: Docker Hub's own search and lists of tags. */
import type { Params } from '../domain/saying.ts'
import type { Page } from './contract.ts'

/**
 * Where an answer comes from: Docker Hub just now or moments ago; Docker Hub of an earlier day, as it cannot be asked; or
 * our own repositories, as nothing of it is remembered.
 */
export type HubSource = 'hub' | 'remembered' | 'cache'

export interface HubImage {
  /** "docker.io/library/nginx" */
  readonly name: string
  /** One line; empty where there is none. */
  readonly description: string
  readonly stars: number
  /** Of all the world, as Docker Hub counts them; of this cache where the source is the cache. */
  readonly pulls: number
  readonly official: boolean
  /** Something of this repository is here. */
  readonly cached: boolean
}

export interface HubPlatform {
  /** "linux/arm64/v8" */
  readonly platform: string
  readonly digest: string | undefined
  /** Compressed bytes, as Docker Hub says. */
  readonly size: number
}

export interface HubTag {
  readonly tag: string
  /** Of its index or manifest; undefined where Docker Hub does not say. */
  readonly digest: string | undefined
  /** When it was pushed; undefined where the source is the cache. */
  readonly updated: number | undefined
  readonly platforms: readonly HubPlatform[]
  /** "moved": an image of this tag is here, and Docker Hub has a newer one. */
  readonly cached: 'no' | 'yes' | 'moved'
}

/** A page of answers and how far to believe them. */
export interface HubPage<T> extends Page<T> {
  readonly source: HubSource
  /** When Docker Hub said it. */
  readonly at: number
  /** Why Docker Hub was not asked or did not answer, a sentence; undefined where it did. */
  readonly why: string | undefined
  /** Which sentence `why` is, and what stands in it, as in an ApiError. */
  readonly reason?: string
  readonly params?: Params
}

export interface HubApi {
  /** Repositories of Docker Hub for these words; those that rules keep from the asker are left out. */
  'GET /hub/search': { in: { q: string; page?: number }; out: HubPage<HubImage> }
  /** Tags of a repository of Docker Hub, the youngest first; `q` is a part of their names. */
  'GET /hub/tags': { in: { repository: string; q?: string; page?: number }; out: HubPage<HubTag> }
}
