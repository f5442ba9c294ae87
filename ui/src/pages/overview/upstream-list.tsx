import type { UpstreamRow } from '../../../../src/api/contract-activity.ts'
import { number, percent } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Empty, Mark, Meter } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { limitTone, toneOfHealth } from '../upstreams/health.ts'

/** How the upstreams are, one line each. */
export function UpstreamList({ rows }: { readonly rows: readonly UpstreamRow[] }) {
  const words = w().overview.upstreams
  return (
    <section class="card tile" aria-labelledby="upstreams">
      <h2 id="upstreams">
        <a href={href('/upstreams')}>
          {words.title}
          <Icon name="chevron" size={14} />
        </a>
      </h2>
      {rows.length === 0 && <Empty title={words.none} />}
      <ul class="upstream-list">
        {rows.map((row) => (
          <Line key={row.name} row={row} />
        ))}
      </ul>
    </section>
  )
}

function Line({ row: { name, health, hitRate, limit } }: { row: UpstreamRow }) {
  const { overview, upstreams } = w()
  const words = overview.upstreams
  const left = limit === undefined ? '' : words.left(number(limit.remaining), number(limit.limit))
  return (
    <li>
      <div class="spread">
        <a class="name" href={href(`/upstreams?name=${encodeURIComponent(name)}`)}>
          {name}
        </a>
        <Mark tone={toneOfHealth[health]}>{upstreams.health[health]}</Mark>
      </div>
      {hitRate !== undefined && <small class="quiet">{words.hits(percent(hitRate))}</small>}
      {limit !== undefined && (
        <>
          <Meter value={limit.remaining} max={limit.limit} tone={limitTone(limit)} label={left} />
          <small class="quiet">{left}</small>
        </>
      )}
    </li>
  )
}
