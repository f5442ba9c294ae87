import type { Stats } from '../../../../src/api/contract.ts'
import { bytes, exactBytes, percent } from '../../format.ts'
import { Bytes } from '../../parts/small.tsx'
import { upstreamLabel } from '../../parts/upstream-label.ts'
import { w } from '../../words/words.ts'

type Disk = Stats['disk']

/** How much of the quota is taken, where eviction begins and ends, and by what. */
export function Space({ disk, undoable }: { disk: Disk; undoable: number }) {
  const words = w().cleanup.space
  const { used, maxSize, volumeFree, pinnedBytes, parts, index } = disk
  const rows = [
    [words.volume, volumeFree],
    [words.pinned, pinnedBytes],
    [words.undoable, undoable],
    [words.parts, parts],
    [words.index, index],
  ] as const
  return (
    <>
      <p>
        <strong class="big" title={exactBytes(used)}>
          {maxSize === 0 ? words.noLimit(bytes(used)) : words.of(bytes(used), bytes(maxSize))}
        </strong>{' '}
        {maxSize > 0 && <span class="quiet">{percent(used / maxSize)}</span>}
      </p>
      {maxSize > 0 && <Quota disk={disk} undoable={undoable} />}
      <dl class="numbers">
        {rows.map(([title, n]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <Bytes n={n} />
            </dd>
          </div>
        ))}
      </dl>
      {disk.upstreams.length > 0 && <ByUpstream disk={disk} />}
    </>
  )
}

/** A bar with a mark where eviction stops. */
function Quota({ disk, undoable }: { disk: Disk; undoable: number }) {
  const words = w().cleanup.space
  const { used, maxSize, evictTo } = disk
  const share = (n: number): number => Math.min(100, (n / maxSize) * 100)
  const tone = used > evictTo ? 'warn' : 'plain'
  const label = `${words.meter}: ${words.of(bytes(used), bytes(maxSize))}`
  return (
    <div class="quota">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={label}>
        <rect width="100" height="10" class="quota-all" />
        <rect width={share(used)} height="10" class={`quota-used ${tone}`} />
        <rect x={share(used - undoable)} width={share(undoable)} height="10" class="quota-undo" />
        <rect x={share(evictTo) - 0.15} width="0.3" height="10" class="quota-mark" />
      </svg>
      <p class="quota-words" aria-hidden="true">
        <span style={{ width: `${share(evictTo)}%` }}>{words.goesTo(bytes(evictTo))}</span>
        <span>{words.max}</span>
      </p>
      <p class="unseen">{words.goesTo(bytes(evictTo))}</p>
    </div>
  )
}

function ByUpstream({ disk }: { disk: Disk }) {
  const words = w().cleanup.space
  const rows = [...disk.upstreams].sort((a, b) => b.bytes - a.bytes).filter((row) => row.bytes > 0)
  const most = Math.max(1, ...rows.map((row) => row.bytes))
  if (rows.length === 0) return null
  return (
    <div class="stack tight">
      <h3>{words.byUpstream}</h3>
      <ul class="bars">
        {rows.map((row) => (
          <li key={row.upstream}>
            <span>{upstreamLabel(row.upstream)}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              <rect width={Math.max(0.5, (row.bytes / most) * 100)} height="8" rx="1" class="bar" />
            </svg>
            <span class="end">
              <Bytes n={row.bytes} />
            </span>
            <span class="quiet end">{row.budget > 0 && words.budget(bytes(row.budget))}</span>
          </li>
        ))}
      </ul>
      <small class="quiet">{words.shared}</small>
    </div>
  )
}
