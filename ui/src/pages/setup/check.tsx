import type { ClientRow } from '../../../../src/api/contract-activity.ts'
import type { SetupKind } from '../../../../src/api/contract-setup.ts'
import { Ago, Mark, Snippet } from '../../parts/small.tsx'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { useWatch } from './watch.ts'

/** Something small to pull, and whether it came through here. */
export function Check({ kind, test }: { readonly kind: SetupKind; readonly test: string }) {
  const words = w().setup.check
  const isOperator = may('operator')
  const watched = useWatch(kind, isOperator)
  return (
    <section class="card stack" aria-labelledby="setup-check">
      <h2 id="setup-check">{words.title}</h2>
      <div class="step">
        <h3>{words.test}</h3>
        <Snippet text={test} label={words.testLabel} />
      </div>
      {!isOperator ? (
        <p class="quiet">{words.operators}</p>
      ) : (
        <>
          <div role="status" class="stack">
            {watched.seen === undefined ? <Waiting isLong={watched.isLong} /> : <Seen row={watched.seen} />}
          </div>
          {watched.before.length > 0 && <Before rows={watched.before} />}
        </>
      )}
    </section>
  )
}

function Waiting({ isLong }: { readonly isLong: boolean }) {
  const words = w().setup.check
  return (
    <>
      <p>
        <Mark tone="info">{words.waiting}</Mark> <span class="quiet">{words.waitingHint}</span>
      </p>
      {isLong && (
        <div class="step">
          <h3>{words.slow}</h3>
          <ul class="causes">
            {words.causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

function Seen({ row }: { readonly row: ClientRow }) {
  const words = w().setup.check
  const isGood = row.lastStatus < 400
  return (
    <>
      <p>
        <Mark tone={isGood ? 'ok' : 'bad'}>
          <strong>{isGood ? words.seen : words.denied}</strong>
        </Mark>
      </p>
      <Client row={row} />
    </>
  )
}

function Before({ rows }: { readonly rows: readonly ClientRow[] }) {
  return (
    <details>
      <summary>{w().setup.check.before}</summary>
      <ul class="causes">
        {rows.slice(0, 10).map((row) => (
          <li key={`${row.client} ${row.agent}`}>
            <Client row={row} />
          </li>
        ))}
      </ul>
    </details>
  )
}

function Client({ row }: { readonly row: ClientRow }) {
  const words = w().setup.check
  return (
    <p class="row">
      <strong>{words.request(row.client, row.agent)}</strong>
      <span class="name">{words.asked(row.lastName, row.lastStatus)}</span>
      <span class="quiet">
        <Ago at={row.lastSeen} />
      </span>
    </p>
  )
}
