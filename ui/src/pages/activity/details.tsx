import type { ComponentChildren } from 'preact'
import type { RequestRow } from '../../../../src/api/contract-activity.ts'
import { exactBytes, moment, span } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Copy } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { OutcomeMark, StatusMark } from './marks.tsx'

/** Everything that is known of one request. */
export function RequestDetails({ row, onClose }: { row: RequestRow; onClose: () => void }) {
  const { activity, common } = w()
  const { terms } = common
  const words = activity.requests
  return (
    <Dialog title={words.details} onClose={onClose}>
      <Facts
        rows={[
          [words.name, <span class="name">{row.name}</span>],
          [terms.time, moment(row.at)],
          ...(row.client === undefined
            ? []
            : ([
                [terms.client, <code>{row.client}</code>],
                [words.agent, row.agent === '' ? common.unknown : row.agent],
                [words.who, row.who ?? words.anonymous],
              ] as const)),
          [words.method, <code>{row.method}</code>],
          [terms.status, <StatusMark status={row.status} />],
          [words.came, <OutcomeMark outcome={row.outcome} />],
          ...(row.error === undefined ? [] : [[words.error, <code>{row.error}</code>] as const]),
          [words.bytes, exactBytes(row.bytes)],
          [terms.duration, span(row.ms)],
          [words.id, <IdText id={row.id} label={words.id} />],
        ]}
      />
    </Dialog>
  )
}

function IdText({ id, label }: { id: string; label: string }) {
  return (
    <span class="row">
      <code>{id}</code>
      <Copy text={id} what={label} />
    </span>
  )
}

export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts all-facts">
      {rows.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
