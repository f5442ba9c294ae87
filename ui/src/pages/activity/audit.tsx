import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { AuditRow } from '../../../../src/api/contract-access.ts'
import { ask, type Failure } from '../../api.ts'
import { moment } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Mark, Skeleton, Snippet, type Tone } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Facts } from './details.tsx'
import { Time } from './marks.tsx'

const TONES: Readonly<Record<string, Tone>> = { ok: 'ok', refused: 'warn', failed: 'bad' }

/** Who did what from where, and how it ended. */
export function AuditTab() {
  const words = w().activity.audit
  const { rows, failure, hasMore, more } = useAudit()
  const opened = useSignal<AuditRow | undefined>(undefined)
  if (rows === undefined)
    return failure === undefined ? <Skeleton lines={8} /> : <Problem failure={failure} retry={more} />
  if (rows.length === 0)
    return (
      <Empty title={words.empty}>
        <p>{words.emptyMore}</p>
      </Empty>
    )
  return (
    <div class="stack">
      <Table
        caption={words.caption}
        columns={columnsOf((row) => (opened.value = row))}
        rows={rows}
        keyOf={({ id }) => String(id)}
        total={rows.length + (hasMore ? 1 : 0)}
        onEnd={more}
        onOpen={(row) => (opened.value = row)}
      />
      {failure !== undefined && <Problem failure={failure} retry={more} />}
      {opened.value !== undefined && (
        <AuditDetails row={opened.value} onClose={() => (opened.value = undefined)} />
      )}
    </div>
  )
}

/** The newest rows, and older ones as they are scrolled to. */
function useAudit() {
  const rows = useSignal<readonly AuditRow[] | undefined>(undefined)
  const failure = useSignal<Failure | undefined>(undefined)
  const cursor = useSignal<string | undefined>(undefined)
  const isAsking = useRef(false)
  const load = async (): Promise<void> => {
    const from = cursor.peek()
    const page = await ask('GET /audit', { limit: 100, ...(from === undefined ? {} : { cursor: from }) })
    rows.value = [...(rows.peek() ?? []), ...page.items]
    cursor.value = page.nextCursor
  }
  const more = (): void => {
    if (isAsking.current) return
    isAsking.current = true
    failure.value = undefined
    load()
      .catch((error: unknown) => (failure.value = asFailure(error)))
      .finally(() => (isAsking.current = false))
  }
  useEffect(more, [])
  return { rows: rows.value, failure: failure.value, hasMore: cursor.value !== undefined, more }
}

function columnsOf(open: (row: AuditRow) => void): readonly Column<AuditRow>[] {
  const { activity, common } = w()
  const words = activity.audit
  return [
    { id: 'at', title: common.terms.time, cell: ({ at }) => <Time at={at} /> },
    { id: 'who', title: words.who, cell: ({ who }) => who },
    { id: 'address', title: words.address, wide: true, cell: ({ address }) => addressOf(address) },
    { id: 'action', title: words.action, cell: ({ action }) => actionOf(action) },
    {
      id: 'target',
      title: words.target,
      wide: true,
      cell: ({ target }) => <span class="name">{target}</span>,
    },
    { id: 'outcome', title: words.outcome, cell: ({ outcome }) => <OutcomeOf outcome={outcome} /> },
    {
      id: 'more',
      title: activity.requests.details,
      align: 'end',
      cell: (row) => (
        <button
          type="button"
          class="ghost"
          aria-label={activity.requests.detailsOf(actionOf(row.action))}
          onClick={() => open(row)}
        >
          <Icon name="chevron" />
        </button>
      ),
    },
  ]
}

function addressOf(address: string): string {
  return address === '' ? w().activity.audit.here : address
}

/** A newer server may know actions that this page has no word for. */
function actionOf(action: string): string {
  const { actions } = w().activity.audit
  return Object.hasOwn(actions, action) ? actions[action as keyof typeof actions] : action
}

function OutcomeOf({ outcome }: { outcome: string }) {
  const { outcomes } = w().activity.audit
  const word = Object.hasOwn(outcomes, outcome) ? outcomes[outcome as keyof typeof outcomes] : outcome
  return <Mark tone={TONES[outcome] ?? 'plain'}>{word}</Mark>
}

function AuditDetails({ row, onClose }: { row: AuditRow; onClose: () => void }) {
  const { activity, common } = w()
  const words = activity.audit
  return (
    <Dialog title={actionOf(row.action)} onClose={onClose}>
      <Facts
        rows={[
          [words.action, <code>{row.action}</code>],
          [common.terms.time, moment(row.at)],
          [words.who, row.who],
          [words.address, addressOf(row.address)],
          [words.target, <span class="name">{row.target === '' ? '–' : row.target}</span>],
          [words.outcome, <OutcomeOf outcome={row.outcome} />],
        ]}
      />
      {row.detail !== undefined && row.detail !== null && (
        <div class="detail-json">
          <Snippet text={JSON.stringify(row.detail, null, 2)} label={words.detail} />
        </div>
      )}
    </Dialog>
  )
}
