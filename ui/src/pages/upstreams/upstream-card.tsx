import type { ComponentChildren } from 'preact'
import type { UpstreamRow } from '../../../../src/api/contract-activity.ts'
import { ago, bytes, moment, number, percent, span } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { upstreamErrorText } from '../../parts/said.ts'
import { Bytes, Mark, Meter } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { toneOfHealth } from './health.ts'
import { PullLimit } from './pull-limit.tsx'
import { UpstreamTest } from './upstream-test.tsx'

export function UpstreamCard({ row, isWanted }: { row: UpstreamRow; isWanted: boolean }) {
  const words = w().upstreams
  const { name, url, isDefault, aliases, health } = row
  return (
    <section
      class={isWanted ? 'card upstream-card wanted' : 'card upstream-card'}
      id={`upstream-${name}`}
      aria-labelledby={`title-${name}`}
    >
      <header class="spread">
        <h2 id={`title-${name}`} class="name">
          {name}
        </h2>
        <Mark tone={toneOfHealth[health]}>{words.health[health]}</Mark>
      </header>
      <p class="row">
        <code class="quiet name">{url}</code>
        {isDefault && (
          <span class="chip" title={words.defaultMeans}>
            {words.isDefault}
          </span>
        )}
        {aliases.map((alias) => (
          <code key={alias} class="chip" title={words.alias}>
            {alias}
          </code>
        ))}
      </p>
      <dl class="upstream-numbers">
        <Number title={words.hitRate}>{percent(row.hitRate)}</Number>
        <Number title={words.requests}>{number(row.requests)}</Number>
        <Number title={words.fetched}>
          <Bytes n={row.fetched} />
        </Number>
        <Latency row={row} />
      </dl>
      <Details row={row} />
      <footer>
        <a href={href(`/images?q=${encodeURIComponent(`upstream:${name}`)}`)}>
          <Icon name="images" /> {words.images}
        </a>
        {may('operator') && <UpstreamTest name={name} />}
      </footer>
    </section>
  )
}

function Number({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Two numbers that people of this trade know by these names. */
function Latency({ row: { p50, p95 } }: { row: UpstreamRow }) {
  const words = w().upstreams
  if (p50 === undefined || p95 === undefined) return <Number title={words.latency}>–</Number>
  return (
    <Number title={words.latency}>
      <span title={words.latencies(span(p50), span(p95))}>
        {span(p50)} <small class="quiet">p95 {span(p95)}</small>
      </span>
    </Number>
  )
}

function Details({ row: { hasLogin, lastError, limit, bytes: size, budget } }: { row: UpstreamRow }) {
  const words = w().upstreams
  const held = budget === 0 ? words.noBudget(bytes(size)) : words.diskOf(bytes(size), bytes(budget))
  return (
    <dl class="facts upstream-facts">
      <dt>{words.limit}</dt>
      <dd>
        <PullLimit limit={limit} />
      </dd>
      <dt>{words.disk}</dt>
      <dd>
        {budget > 0 && (
          <Meter value={size} max={budget} tone={size > budget * 0.95 ? 'warn' : 'plain'} label={held} />
        )}
        {held}
      </dd>
      <dt>{words.login}</dt>
      <dd>{hasLogin ? words.loggedIn : words.anonymous}</dd>
      <dt>{words.lastError}</dt>
      <dd>
        {lastError === undefined ? (
          <span class="quiet">{words.noError}</span>
        ) : (
          <span class="name" title={moment(lastError.at)}>
            {words.errorAt(ago(lastError.at), upstreamErrorText(lastError))}
          </span>
        )}
      </dd>
    </dl>
  )
}
