import type { Router } from '@koa/router'
import { hasRole } from '../domain/principal.ts'
import { createEvents } from './events.ts'
import { toJobRow } from './job-rows.ts'
import { liveOf, liveRoutes } from './live.ts'
import { createOverview } from './overview.ts'
import { upstreamRoutes } from './upstreams.ts'
import type { WatchingDeps } from './watching-deps.ts'

export interface Watching {
  routes(router: Router): void
  /** Ends the streams of events; nobody gets a new one. */
  close(): void
}

/** What happens now and lately, for the console. */
export function createWatching(deps: WatchingDeps): Watching {
  const overview = createOverview(deps)
  const events = createEvents({
    log: deps.log,
    topics: {
      live: (access) => liveOf(deps, access),
      overview: (access) => overview.now(access),
      jobs: (access) => ({
        items: hasRole(access.principal, 'operator') ? deps.running().map(toJobRow) : [],
      }),
    },
  })
  return {
    routes: (router) => {
      overview.routes(router)
      liveRoutes(router, deps)
      upstreamRoutes(router, deps)
      events.routes(router)
    },
    close: () => events.close(),
  }
}
