import { Snippet } from './small.tsx'
import './lines.css'

/** Lines to copy, each with what it is for. */
export function Lines({
  lines,
}: {
  readonly lines: readonly { readonly label: string; readonly text: string }[]
}) {
  return (
    <dl class="lines">
      {lines.map(({ label, text }) => [
        <dt key={`${label} for`}>{label}</dt>,
        <dd key={label}>
          <Snippet text={text} label={label} />
        </dd>,
      ])}
    </dl>
  )
}
