import { ownImagesAsk } from './api/hub-here.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { FindRepositories } from './frontends/oci/search.ts'
import type { Hub } from './hub/hub.ts'
import { DOCKER_HUB, searchedWords } from './hub/names.ts'

interface FindingDeps {
  readonly hub: Hub
  readonly index: Index
  readonly clock: Clock
}

/** Repositories of Docker Hub; where it cannot be asked, those that are here. */
export function createFinding({ hub, index, clock }: FindingDeps): FindRepositories {
  return async (text) => {
    const words = searchedWords(text)
    const began = clock()
    const heard = await hub.search(words, 1)
    if (heard.kind === 'hub' || heard.kind === 'remembered') {
      const rows = heard.list.items.map((row) => ({ ...row, upstream: DOCKER_HUB }))
      if (heard.kind === 'remembered') return { rows, outcome: 'stale' }
      return { rows, outcome: heard.at < began ? 'hit' : 'miss' }
    }
    const { items } = await index.clerk.ask('repositories', ownImagesAsk(words))
    const rows = items.map(({ upstream, repository }) => ({
      upstream,
      repository,
      description: '',
      stars: 0,
      official: repository.startsWith('library/'),
    }))
    return { rows, outcome: 'hit' }
  }
}
