import type { JobRun } from '../db/job-runs.ts'
import { DAY, SECOND } from '../domain/clock.ts'
import { withoutControls } from '../domain/text.ts'
import { GIB } from '../domain/units.ts'
import type { Attention } from './contract-activity.ts'
import type { Sight } from './sight.ts'
import { healthOf, limitOf } from './upstreams.ts'
import type { WatchingDeps } from './watching-deps.ts'

/** Facts are looked up at most that often, however many look. */
const KEPT = 5 * SECOND
const FULL = 0.95
const FEW_PULLS = 0.1
/** Of a certificate; the log begins to speak of it then too. */
const SOON = 14 * DAY
/** What a job says that was ended together with the program, or by whoever asked for it. */
const ENDED = new Set(['the program is ending', 'interrupted'])

/**
 * `unrestricted`: it tells how much others pull. `operators`: users can neither do anything about it nor should they
 * know what it tells of.
 */
interface Fact extends Attention {
  readonly isFor: 'everybody' | 'unrestricted' | 'operators'
}

/** What somebody should look after, the worst first, as of the last five seconds. */
export function createAttention(deps: WatchingDeps): (sight: Sight) => Promise<readonly Attention[]> {
  let at = Number.NaN
  let facts: Promise<readonly Fact[]> = Promise.resolve([])
  return async (sight) => {
    const age = deps.clock() - at
    if (!(age >= 0 && age < KEPT)) {
      at = deps.clock()
      facts = factsOf(deps)
      // Whoever asks next tries again.
      facts.catch(() => {
        at = Number.NaN
      })
    }
    const shown = (await facts).filter((fact) => isTold(fact, sight))
    return shown.map(({ isFor: _isFor, ...fact }) => fact)
  }
}

function isTold({ isFor }: Fact, { isOperator, all }: Sight): boolean {
  if (isFor === 'operators') return isOperator
  return isFor === 'everybody' || all
}

async function factsOf(deps: WatchingDeps): Promise<readonly Fact[]> {
  const facts = [
    ...diskFacts(deps),
    ...(await volumeFacts(deps)),
    ...upstreamFacts(deps),
    ...certificateFacts(deps),
    ...jobFacts(deps.index.jobRuns.list(MOST_RUNS)),
    ...(await quarantineFacts(deps)),
    ...(await userFacts(deps)),
  ]
  return facts.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
}

/** At its limit nothing could make room any more: all is pinned or being read. */
function diskFacts({ config, parts }: WatchingDeps): Fact[] {
  const { maxSize, evictTo } = config().storage
  const { used } = parts.ledger
  if (maxSize === 0 || used < maxSize * FULL) return []
  const severity = used >= maxSize ? 'error' : 'warn'
  return [{ code: 'disk_nearly_full', severity, params: { used, maxSize, evictTo }, isFor: 'everybody' }]
}

async function volumeFacts({ config, store }: WatchingDeps): Promise<Fact[]> {
  const { minFree, path } = config().storage
  const free = await store.freeBytes()
  if (free >= Math.max(2 * minFree, GIB)) return []
  const severity = free < Math.max(minFree, GIB / 8) ? 'error' : 'warn'
  return [{ code: 'volume_nearly_full', severity, params: { free, minFree, path }, isFor: 'operators' }]
}

function upstreamFacts(deps: WatchingDeps): Fact[] {
  const { upstreams, fileUpstreams } = deps.config()
  return [
    ...[...upstreams, ...fileUpstreams].flatMap(({ name }) => downFacts(deps, name)),
    ...upstreams.flatMap(({ name }) => pullFacts(deps, name)),
  ]
}

function downFacts(deps: WatchingDeps, upstream: string): Fact[] {
  const standing = deps.standing(upstream)
  if (healthOf(deps.health(upstream), standing) !== 'down') return []
  const since = standing?.lastError?.at ?? 0
  const params = { upstream, since, error: standing?.lastError?.code ?? '' }
  return [{ code: 'upstream_down', severity: 'error', params, isFor: 'everybody' }]
}

function pullFacts(deps: WatchingDeps, upstream: string): Fact[] {
  const said = limitOf(deps, upstream)
  if (said === undefined || said.remaining > said.limit * FEW_PULLS) return []
  const { remaining, limit, window } = said
  const severity = remaining === 0 ? 'error' : 'warn'
  const params = { upstream, remaining, limit, window }
  return [{ code: 'pulls_nearly_used_up', severity, params, isFor: 'unrestricted' }]
}

function certificateFacts({ certificate, clock }: WatchingDeps): Fact[] {
  const found = certificate()
  if (found === undefined) return []
  const { validFrom, validTo } = found
  const left = validTo - clock()
  // Certificates of a few days are renewed in the last part of their time.
  if (left >= Math.min(SOON, (validTo - validFrom) / 4)) return []
  const severity = left <= 0 ? 'error' : 'warn'
  return [{ code: 'certificate_expires', severity, params: { at: validTo }, isFor: 'operators' }]
}

const MOST_RUNS = 50

/** Of each job only the last run that came to its end counts. */
function jobFacts(runs: readonly JobRun[]): Fact[] {
  const ended = runs.filter(({ endedAt, error }) => endedAt !== undefined && !ENDED.has(error ?? ''))
  const latest = [...Map.groupBy(ended, ({ job }) => job).values()].flatMap(([first]) => first ?? [])
  return latest.flatMap(({ job, endedAt, error }): Fact[] => {
    if (error === undefined || endedAt === undefined) return []
    const params = { job, at: endedAt, error: withoutControls(error) }
    return [{ code: 'last_job_failed', severity: 'warn', params, isFor: 'operators' }]
  })
}

async function quarantineFacts({ store }: WatchingDeps): Promise<Fact[]> {
  const files = await store.quarantined()
  if (files.length === 0) return []
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return [
    { code: 'quarantined', severity: 'warn', params: { count: files.length, bytes }, isFor: 'operators' },
  ]
}

/** Everything but bcrypt is fast to guess. */
async function userFacts({ users }: WatchingDeps): Promise<Fact[]> {
  // A file that cannot be read is in the log already.
  const all = await users.list().catch(() => [])
  const count = all.filter(({ hash }) => !hash.startsWith('bcrypt')).length
  if (count === 0) return []
  return [{ code: 'users_with_old_hashes', severity: 'warn', params: { count }, isFor: 'operators' }]
}
