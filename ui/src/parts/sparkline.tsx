import { number } from '../format.ts'
import { w } from '../words/words.ts'
import './sparkline.css'

const WIDTH = 88
const HEIGHT = 20

/** Pulls of the last days as a little curve, and as a sentence for whoever cannot see it. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(...values)
  const sum = values.reduce((all, one) => all + one, 0)
  if (sum === 0) return <span class="quiet">–</span>
  const text = w().images.pullsText(number(sum), number(most), number(values.at(-1) ?? 0))
  const step = (WIDTH - 2) / (values.length - 1)
  const points = values.map(
    (value, i) => `${round(1 + i * step)} ${round(HEIGHT - 2 - (value / most) * (HEIGHT - 4))}`,
  )
  return (
    <svg
      class="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      <path d={`M${points.join('L')}`} />
    </svg>
  )
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
