import type { ImageRow } from '../db/accounts/rows.ts'
import type { ApiDeps } from './deps.ts'

export interface Parted<T> {
  readonly stay: readonly T[]
  readonly go: readonly T[]
}

/** Images apart by whether they could be pulled again, at this moment, as far as their upstreams said. */
export async function partGone<T extends Pick<ImageRow, 'upstream' | 'repository' | 'digest'>>(
  { index }: Pick<ApiDeps, 'index'>,
  images: readonly T[],
): Promise<Parted<T>> {
  const gone = await index.clerk.ask('goneOf', {
    images: images.map(({ upstream, repository, digest }) => ({ upstream, repository, digest })),
  })
  return {
    stay: images.filter((_, at) => gone[at] === true),
    go: images.filter((_, at) => gone[at] !== true),
  }
}
