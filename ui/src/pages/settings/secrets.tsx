import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import type { Resource } from '../../resource.ts'
import { act } from './act.ts'
import { SecretForm } from './secret-form.tsx'
import { Sure } from './sure.tsx'

interface SecretWords {
  readonly lead: string
  readonly add: string
  readonly nameHint: string
  readonly none: string
  readonly revoke: string
  readonly sureHint: string
  readonly sure: (name: string) => string
  readonly revoked: (name: string) => string
}

interface SecretsProps<Row> {
  /** Of the heading, among those of the page. */
  readonly id: string
  readonly caption: string
  readonly words: SecretWords
  readonly source: Resource<{ readonly items: readonly Row[] }>
  readonly add: (ask: { name: string; expiresAt?: number }) => Promise<{ readonly secret: string }>
  readonly remove: (name: string) => Promise<unknown>
  readonly columnsOf: (revoke: (row: Row) => void) => readonly Column<Row>[]
  /** A new secret, the only time that it is seen. */
  readonly once: (secret: string, onDone: () => void) => ComponentChildren
}

/** Secrets that open something: made here, shown once, taken back here. */
export function Secrets<Row extends { readonly name: string }>(props: SecretsProps<Row>) {
  const { id, caption, words, source, add, remove, columnsOf, once } = props
  const { data, failure, reload } = source
  const made = useSignal<string | undefined>(undefined)
  const leaving = useSignal<Row | undefined>(undefined)
  if (data === undefined)
    return failure === undefined ? <Skeleton /> : <Problem failure={failure} retry={reload} />
  const create = (name: string, expiresAt: number | undefined): Promise<boolean> =>
    act(async () => {
      made.value = (await add({ name, ...(expiresAt === undefined ? {} : { expiresAt }) })).secret
      reload()
    })
  const revoke = async (name: string): Promise<void> => {
    await act(() => remove(name), words.revoked(name))
    reload()
  }
  const { value: gone } = leaving
  return (
    <div class="stack">
      <p class="quiet measure">{words.lead}</p>
      <section class="card stack" aria-labelledby={id}>
        <h2 id={id}>{words.add}</h2>
        <SecretForm hint={words.nameHint} onCreate={create} />
        {made.value !== undefined && once(made.value, () => (made.value = undefined))}
      </section>
      {data.items.length === 0 ? (
        <Empty title={words.none} />
      ) : (
        <Table
          caption={caption}
          columns={columnsOf((row) => (leaving.value = row))}
          rows={data.items}
          keyOf={(row) => row.name}
        />
      )}
      {gone !== undefined && (
        <Sure
          title={words.sure(gone.name)}
          hint={words.sureHint}
          action={words.revoke}
          onYes={() => void revoke(gone.name)}
          onClose={() => (leaving.value = undefined)}
        />
      )}
    </div>
  )
}
