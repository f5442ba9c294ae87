import type { Overview } from '../../../../src/api/contract-activity.ts'
import { bytes, number, percent, rate } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Bytes, Meter, type Tone } from '../../parts/small.tsx'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { Tile } from './tile.tsx'

/** The four numbers that say how it goes. Each leads to the list behind it. */
export function Tiles({ data }: { data: Overview }) {
  return (
    <div class="tiles">
      <DiskTile disk={data.disk} stock={data} />
      <HitTile hit={data.hit} before={data.hitBefore} />
      <SavedTile served={data.served} fetched={data.fetched} />
      <ActiveTile active={data.active} />
    </div>
  )
}

type Disk = Overview['disk']

function DiskTile({ disk, stock }: { disk: Disk; stock: Pick<Overview, 'images' | 'repositories'> }) {
  const { overview, common } = w()
  const { used, maxSize, evictTo, volumeFree, undoable } = disk
  const words = overview.disk
  const max = bytes(maxSize)
  return (
    <Tile title={words.title} to={may('operator') ? '/cleanup' : '/images'}>
      <p>
        <span class="big">
          <Bytes n={used} />
        </span>{' '}
        <span class="quiet">{maxSize === 0 ? words.noLimit : words.of(max)}</span>
      </p>
      {maxSize > 0 && (
        <Meter
          value={used}
          max={maxSize}
          tone={toneOf(used / maxSize)}
          label={words.meter(bytes(used), max)}
        />
      )}
      <ul class="quiet tile-facts">
        <li>{overview.stock(common.images(stock.images), common.repositories(stock.repositories))}</li>
        {maxSize > 0 && evictTo > 0 && <li>{words.evictTo(bytes(evictTo))}</li>}
        <li>{words.free(bytes(volumeFree))}</li>
        {undoable > 0 && <li>{words.undoable(bytes(undoable))}</li>}
      </ul>
    </Tile>
  )
}

function toneOf(share: number): Tone {
  return share >= 0.97 ? 'bad' : share >= 0.9 ? 'warn' : 'plain'
}

function HitTile({ hit, before }: { hit: Overview['hit']; before: Overview['hit'] }) {
  const words = w().overview.hit
  return (
    <Tile title={words.title} to="/activity?tab=requests&outcome=miss">
      {hit.bytes === undefined && hit.requests === undefined ? (
        <p class="quiet">{words.none}</p>
      ) : (
        <>
          <p>
            <span class="big">{percent(hit.bytes)}</span> <span class="quiet">{words.bytes}</span>
          </p>
          <p class="quiet tile-facts">{words.requests(percent(hit.requests))}</p>
          <Change now={hit.bytes} before={before.bytes} />
        </>
      )}
    </Tile>
  )
}

/** A difference smaller than a tenth of a point is none. */
function Change({ now, before }: { now: number | undefined; before: number | undefined }) {
  const words = w().overview.hit
  if (now === undefined || before === undefined) return null
  const points = (now - before) * 100
  const size = number(Math.abs(points), 1)
  if (Math.abs(points) < 0.05) return <p class="quiet tile-facts">{words.same}</p>
  return (
    <p class={`tile-facts tile-change ${points > 0 ? 'up' : 'down'}`}>
      <Icon name="chevron" size={14} />
      <span>{points > 0 ? words.up(size) : words.down(size)}</span>
    </p>
  )
}

function SavedTile({ served, fetched }: Pick<Overview, 'served' | 'fetched'>) {
  const { overview, common } = w()
  const words = overview.saved
  return (
    <Tile title={words.title} to="/upstreams">
      <p>
        <span class="big">
          <Bytes n={Math.max(0, served.bytes - fetched.bytes)} />
        </span>{' '}
        <span class="quiet">{words.big}</span>
      </p>
      <ul class="quiet tile-facts">
        <li>{words.served(bytes(served.bytes), common.requests(served.requests))}</li>
        <li>{words.fetched(bytes(fetched.bytes), common.requests(fetched.requests))}</li>
      </ul>
    </Tile>
  )
}

function ActiveTile({ active }: Pick<Overview, 'active'>) {
  const words = w().overview.active
  return (
    <Tile title={words.title} to="/activity">
      <p>
        <span class="big">{number(active.pulls)}</span> <span class="quiet">{words.pulls(active.pulls)}</span>
      </p>
      <ul class="quiet tile-facts">
        <li>{words.toClients(rate(active.toClients))}</li>
        <li>{words.fromUpstreams(rate(active.fromUpstreams))}</li>
      </ul>
    </Tile>
  )
}
