import type { Attention } from '../../../../src/api/contract-activity.ts'
import { ago, bytes, number, percent } from '../../format.ts'
import { Mark } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'

/** What somebody has to look after, with the place where that is done; nothing where there is nothing. */
export function AttentionList({ items }: { items: readonly Attention[] }) {
  const words = w().overview.attention
  if (items.length === 0) return null
  return (
    <section class="card attention" aria-labelledby="attention">
      <h2 id="attention">{words.title}</h2>
      <ul>
        {items.map((item) => (
          <li key={[item.code, item.params['upstream'], item.params['job']].join(' ')}>
            <Mark tone={item.severity === 'error' ? 'bad' : 'warn'} icon={iconOf(item)}>
              <span class="unseen">{words[item.severity]} </span>
              <span class="attention-text">{SENTENCES[item.code](item.params)}</span>
            </Mark>
            <Way code={item.code} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function iconOf({ severity }: Attention): 'fail' | 'warn' {
  return severity === 'error' ? 'fail' : 'warn'
}

type Params = Attention['params']

/** Fills the sentence of each code. Sizes come as bytes, times as milliseconds since the epoch. */
const SENTENCES: Readonly<Record<Attention['code'], (params: Params) => string>> = {
  disk_nearly_full: (params) => {
    const [used, max] = [count(params, 'used'), count(params, 'maxSize')]
    return says().diskNearlyFull({ used: bytes(used), max: bytes(max), share: percent(used / (max || 1)) })
  },
  volume_nearly_full: (params) => says().volumeNearlyFull({ free: bytes(count(params, 'free')) }),
  upstream_down: (params) => says().upstreamDown({ upstream: text(params, 'upstream') }),
  pulls_nearly_used_up: (params) =>
    says().pullsNearlyUsedUp({
      upstream: text(params, 'upstream'),
      remaining: number(count(params, 'remaining')),
      limit: number(count(params, 'limit')),
    }),
  certificate_expires: (params) => says().certificateExpires({ days: ago(count(params, 'at')) }),
  last_job_failed: (params) =>
    says().lastJobFailed({ job: jobName(text(params, 'job')), error: text(params, 'error') }),
  quarantined: (params) => says().quarantined({ n: count(params, 'count') }),
  users_with_old_hashes: (params) => says().usersWithOldHashes({ n: count(params, 'count') }),
}

function says() {
  return w().overview.attention
}

/** A newer server may have jobs that this page has no word for. */
function jobName(job: string): string {
  return w().cleanup.history.jobs[job] ?? job
}

function text(params: Params, name: string): string {
  return String(params[name] ?? '')
}

function count(params: Params, name: string): number {
  return Number(params[name] ?? 0)
}

const WAYS = {
  disk_nearly_full: { to: '/cleanup', role: 'operator', label: 'toCleanup' },
  volume_nearly_full: { to: '/cleanup', role: 'operator', label: 'toCleanup' },
  upstream_down: { to: '/upstreams', role: 'user', label: 'toUpstreams' },
  pulls_nearly_used_up: { to: '/upstreams', role: 'user', label: 'toUpstreams' },
  users_with_old_hashes: { to: '/settings', role: 'admin', label: 'toSettings' },
} as const

/** A link for those who may do something about it. */
function Way({ code }: { code: Attention['code'] }) {
  const way = code in WAYS ? WAYS[code as keyof typeof WAYS] : undefined // Looked up just before.
  if (way === undefined || !may(way.role)) return null
  return (
    <a class="button" href={href(way.to)}>
      {w().overview.attention[way.label]}
    </a>
  )
}
