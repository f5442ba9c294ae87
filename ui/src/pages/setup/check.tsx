import type { ClientRow } from '../../../../src/api/contract-activity.ts'
import type { Setup, SetupKind, SetupSeen } from '../../../../src/api/contract-setup.ts'
import { Ago, Mark, Snippet } from '../../parts/small.tsx'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { isOfFiles } from './kinds.tsx'
import { useCheck, useKin } from './watch.ts'

interface CheckProps {
  readonly kind: SetupKind
  readonly setup: Setup
  readonly nonce: string
}

/** A name made for this page alone: who pulls it is the client that was set up, and nobody else's. */
export function Check({ kind, setup, nonce }: CheckProps) {
  const words = w().setup.check
  const { seen, isLong } = useCheck(nonce)
  return (
    <section class="card stack" aria-labelledby="setup-check">
      <h2 id="setup-check">{words.title}</h2>
      <div class="step">
        <h3>{words.name}</h3>
        <Snippet text={setup.check ?? ''} label={words.nameLabel} />
        <p class="quiet">{words.nameHint}</p>
      </div>
      <div role="status" class="stack">
        {seen === undefined ? <Waiting isLong={isLong} kind={kind} /> : <Seen seen={seen} kind={kind} />}
      </div>
      <div class="step">
        <h3>{words.test}</h3>
        <Snippet text={setup.test} label={words.testLabel} />
      </div>
      {may('operator') && <Others kind={kind} />}
    </section>
  )
}

function Waiting({ isLong, kind }: { readonly isLong: boolean; readonly kind: SetupKind }) {
  const words = w().setup.check
  const causes = isOfFiles(kind) ? words.fileCauses : words.causes
  return (
    <>
      <p>
        <Mark tone="info">{words.waiting}</Mark> <span class="quiet">{words.waitingHint}</span>
      </p>
      {isLong && (
        <div class="step">
          <h3>{words.slow}</h3>
          <ul class="causes">
            {causes.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

function Seen({ seen, kind }: { readonly seen: SetupSeen; readonly kind: SetupKind }) {
  const { client, agent, upstream, shape, at } = seen
  const words = w().setup.check
  return (
    <>
      <p>
        <Mark tone="ok">
          <strong>{words.seen}</strong>
        </Mark>
      </p>
      <p class="row">
        <strong>{words.request(client, agent)}</strong>
        {!isOfFiles(kind) && <span>{words.shapes[shape](upstream)}</span>}
        <span class="quiet">
          <Ago at={at} />
        </span>
      </p>
    </>
  )
}

/** A sign, and no proof: any client of that kind may be meant. */
function Others({ kind }: { readonly kind: SetupKind }) {
  const words = w().setup.check
  const { lately, before } = useKin(kind)
  return (
    <>
      {lately.length > 0 && (
        <div class="step">
          <h3>{words.lately}</h3>
          <Clients rows={lately} />
        </div>
      )}
      {before.length > 0 && (
        <details>
          <summary>{words.before}</summary>
          <Clients rows={before} />
        </details>
      )}
    </>
  )
}

function Clients({ rows }: { readonly rows: readonly ClientRow[] }) {
  return (
    <ul class="causes">
      {rows.slice(0, 10).map((row) => (
        <li key={`${row.client} ${row.agent}`}>
          <Client row={row} />
        </li>
      ))}
    </ul>
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
