import type { Series } from '../../../../src/api/contract-activity.ts'
import { bytes } from '../../format.ts'
import { Chart } from '../../parts/chart.tsx'
import { timeFormat } from '../../parts/chart-scale.ts'
import { Icon } from '../../parts/icon.tsx'
import { Empty } from '../../parts/small.tsx'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'

/** What clients got and what upstreams had to send for it, over a period. */
export function Traffic({ data }: { readonly data: Series }) {
  const words = w().overview.chart
  const isTable = query.value.get('chart') === 'table'
  return (
    <section class="card traffic" aria-labelledby="traffic">
      <div class="spread">
        <h2 id="traffic">{words.title}</h2>
        <button
          type="button"
          class="ghost"
          onClick={() => setQuery({ chart: isTable ? undefined : 'table' })}
        >
          <Icon name={isTable ? 'activity' : 'list'} />
          {isTable ? words.asChart : words.asTable}
        </button>
      </div>
      <Shown {...{ data, isTable }} />
    </section>
  )
}

function Shown({ data, isTable }: { data: Series; isTable: boolean }) {
  const { overview, common } = w()
  const words = overview.chart
  const { start, step, served, fetched } = data
  if (![...served, ...fetched].some((n) => n > 0)) return <Empty title={words.nothing} />
  return (
    <Chart
      title={words.title}
      summary={summaryOf(data)}
      start={start}
      step={step}
      lines={[
        { id: 'served', name: words.served, values: served },
        { id: 'fetched', name: words.fetched, values: fetched },
      ]}
      words={{ whole: words.whole, step: words.step, time: common.terms.time }}
      isTable={isTable}
    />
  )
}

function summaryOf({ start, step, served, fetched }: Series): string {
  const most = Math.max(...served)
  return w().overview.chart.summary({
    served: bytes(sum(served)),
    fetched: bytes(sum(fetched)),
    most: bytes(most),
    at: timeFormat('both').format(start + served.indexOf(most) * step),
    last: bytes(served.at(-1) ?? 0),
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
