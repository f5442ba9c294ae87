import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { bytes } from '../format.ts'
import { byteScale, type Mark, timeFormat, timeMarks } from './chart-scale.ts'
import './chart.css'

export interface Line {
  /** Names its colour too. */
  readonly id: 'served' | 'fetched'
  readonly name: string
  /** Bytes, one per step. */
  readonly values: readonly number[]
}

export interface ChartProps {
  readonly title: string
  /** What it says, for those who cannot see it. */
  readonly summary: string
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly step: number
  /** The largest first: later ones are drawn in front. */
  readonly lines: readonly Line[]
  readonly words: { readonly whole: string; readonly step: string; readonly time: string }
  readonly isTable: boolean
}

/** Bytes over time, as areas that can be stepped through by pointer and keys, or as a table of the same numbers. */
export function Chart(props: ChartProps) {
  return props.isTable ? <Numbers {...props} /> : <Drawing {...props} />
}

function Drawing({ title, summary, start, step, lines, words }: ChartProps) {
  const chosen = useSignal<number | undefined>(undefined)
  const id = useId()
  const count = lines[0]?.values.length ?? 0
  const { top, marks } = byteScale(Math.max(0, ...lines.flatMap(({ values }) => values)))
  const at = chosen.value === undefined ? undefined : Math.min(chosen.value, count - 1)
  const time = at === undefined ? words.whole : timeFormat('both').format(start + at * step)
  const shown = lines.map(({ id, name, values }) => ({ id, name, value: valueAt(values, at) }))
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption class="chart-legend" id={id}>
        <span class="unseen">{title}</span>
        {shown.map((line) => (
          <span key={line.id} class={`chart-key ${line.id}`}>
            {line.name} <strong>{bytes(line.value)}</strong>
          </span>
        ))}
        <span class="quiet">{time}</span>
      </figcaption>
      <div class="chart-plot">
        <Axis marks={marks} />
        <Areas lines={lines} top={top} summary={summary} />
        {at !== undefined && <Cross share={at / Math.max(1, count - 1)} values={shown} top={top} />}
        <input
          type="range"
          min={0}
          max={Math.max(0, count - 1)}
          value={at ?? count - 1}
          aria-label={words.step}
          aria-valuetext={[time, ...shown.map(({ name, value }) => `${name} ${bytes(value)}`)].join(', ')}
          onInput={(event) => (chosen.value = Number(event.currentTarget.value))}
          onFocus={() => (chosen.value ??= count - 1)}
          onBlur={() => (chosen.value = undefined)}
          onPointerMove={(event) => (chosen.value = indexAt(event, count))}
          onPointerLeave={() => (chosen.value = undefined)}
        />
        <Times marks={timeMarks(start, step, count)} />
      </div>
    </figure>
  )
}

/** One value, or all together. */
function valueAt(values: readonly number[], at: number | undefined): number {
  return at === undefined ? values.reduce((sum, value) => sum + value, 0) : (values[at] ?? 0)
}

function indexAt({ currentTarget, clientX }: PointerEvent, count: number): number {
  if (!(currentTarget instanceof HTMLElement)) return 0
  const { left, width } = currentTarget.getBoundingClientRect()
  const share = Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width)))
  return Math.round(share * (count - 1))
}

/** Drawn in a square of 100 units that is stretched to its place; strokes keep their width. */
function Areas({ lines, top, summary }: { lines: readonly Line[]; top: number; summary: string }) {
  return (
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={summary}>
      {lines.map(({ id, values }) => {
        const line = pathOf(values, top)
        return (
          <g key={id} class={id}>
            <path class="area" d={`${line}V100H0Z`} />
            <path class="line" d={pathOf(values.slice(0, -1), top, values.length)} />
            {/* The last step is not over yet. */}
            <path class="line open" d={lastOf(values, top)} />
          </g>
        )
      })}
    </svg>
  )
}

/** Straight from value to value: nothing is made up in between. */
function pathOf(values: readonly number[], top: number, count = values.length): string {
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${pointOf(value, i, { top, count })}`).join('')
}

function lastOf(values: readonly number[], top: number): string {
  const count = values.length
  const [one = 0, two = 0] = values.slice(-2)
  return `M${pointOf(one, count - 2, { top, count })}L${pointOf(two, count - 1, { top, count })}`
}

function pointOf(value: number, i: number, { top, count }: { top: number; count: number }): string {
  return `${round((i * 100) / Math.max(1, count - 1))} ${round(100 - (value / top) * 100)}`
}

function round(n: number): number {
  return Math.round(n * 100) / 100
}

interface CrossProps {
  readonly share: number
  readonly values: readonly { readonly id: string; readonly value: number }[]
  readonly top: number
}

function Cross({ share, values, top }: CrossProps) {
  return (
    <div class="chart-cross" style={{ left: `${share * 100}%` }} aria-hidden="true">
      {values.map(({ id, value }) => (
        <span key={id} class={id} style={{ bottom: `${(value / top) * 100}%` }} />
      ))}
    </div>
  )
}

function Axis({ marks }: { marks: readonly Mark[] }) {
  return (
    <div class="chart-axis" aria-hidden="true">
      {marks.map(({ at, text }) => (
        <div key={at} style={{ bottom: `${at * 100}%` }}>
          <span>{text}</span>
        </div>
      ))}
    </div>
  )
}

function Times({ marks }: { marks: readonly Mark[] }) {
  return (
    <div class="chart-times" aria-hidden="true">
      {marks.map(({ at, text }) => (
        <span key={at} class={at > 0.97 ? 'last' : ''} style={{ left: `${at * 100}%` }}>
          {text}
        </span>
      ))}
    </div>
  )
}

function Numbers({ title, start, step, lines, words }: ChartProps) {
  const say = timeFormat('both')
  return (
    <div class="chart-table" tabIndex={0} role="group" aria-label={title}>
      <table>
        <caption class="unseen">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{words.time}</th>
            {lines.map(({ id, name }) => (
              <th key={id} scope="col" class="end">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(lines[0]?.values ?? []).map((_, i) => (
            <tr key={i}>
              <td>{say.format(start + i * step)}</td>
              {lines.map(({ id, values }) => (
                <td key={id} class="end">
                  {bytes(values[i] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
