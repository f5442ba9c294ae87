import type { Router } from '@koa/router'
import { z } from 'zod'
import { agentOf } from '../activity/agent.ts'
import type { Checks, Sighting } from '../activity/checks.ts'
import { CHECK_NONCE } from '../domain/client-check.ts'
import { queryOf } from './answer.ts'
import type { SetupSeen, SetupWatch } from './contract-setup.ts'
import { requirePuller, type SetupDeps } from './setup.ts'
import { visitorOf } from './visitor.ts'

export const watchAsk = z.strictObject({ nonce: z.string().regex(CHECK_NONCE) })

/** Whether the client that somebody sets up has come. Told is only what came with the asker's own nonce. */
export function setupWatchRoutes(router: Router, deps: SetupDeps & { readonly checks: Checks }): void {
  router.get('/setup/watch', (ctx) => {
    requirePuller(ctx, deps)
    const { nonce } = queryOf(ctx, watchAsk)
    const sighting = deps.checks.look(nonce, visitorOf(ctx).address)
    const answer: SetupWatch = sighting === undefined ? {} : { seen: seenIn(sighting) }
    ctx.body = answer
  })
}

function seenIn({ at, client, upstream, shape, userAgent }: Sighting): SetupSeen {
  const { kind, text } = agentOf(userAgent)
  return { at, client, kind, agent: text, upstream, shape }
}
