import type { FileDetail } from '../../../../src/api/contract-files.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { Lines } from '../../parts/lines.tsx'
import { fileHref } from '../../parts/place.ts'
import { Ago, Bytes, Digest, Name } from '../../parts/small.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { TagMark } from '../../parts/upstream-check.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Pinned } from '../images/columns.tsx'
import { Source } from './columns.tsx'

/** Its numbers, how it is fetched, what it is made of. */
export function FileBody({ detail: { file, entries, sharedWith } }: { detail: FileDetail }) {
  const { files: words, common } = w()
  const { terms } = common
  const lines = useResource(file.source, (signal) =>
    ask('GET /convert', { text: file.source }, signal).catch(() => undefined),
  )
  return (
    <>
      <p class="row file-facts">
        <TagMark state={file.state} />
        {file.pinned && <Pinned />}
        <span class="quiet">
          {words.checkedAt} <Ago at={file.checkedAt} />
        </span>
        <Source name={file.name} to={file.source} text={words.source} />
      </p>
      <dl class="numbers">
        {(
          [
            [terms.size, <Bytes key="total" n={file.total} />],
            [terms.onlyHere, <Bytes key="own" n={file.onlyHere} />],
            [words.uses, number(file.pulls)],
            [terms.lastUsed, <Ago key="used" at={file.lastUsed} />],
            [terms.firstCached, <Ago key="first" at={file.firstCached} />],
          ] as const
        ).map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {lines.data !== undefined && lines.data.lines.length > 0 && (
        <section class="card stack tight">
          <h2>{words.get}</h2>
          <Lines lines={lines.data.lines} />
        </section>
      )}
      {entries.length > 0 && (
        <section class="stack tight">
          <h2>{words.madeOf}</h2>
          <Table
            caption={words.madeOf}
            columns={entryColumns()}
            rows={entries}
            keyOf={(entry) => entry.name}
          />
        </section>
      )}
      {sharedWith.length > 0 && (
        <section class="stack tight">
          <h2>{words.shared}</h2>
          <ul class="stack tight">
            {sharedWith.map((other) => (
              <li key={other}>
                <a href={fileHref(other)}>
                  <Name text={other} />
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

type Entry = FileDetail['entries'][number]

function entryColumns(): readonly Column<Entry>[] {
  const { files: words, common } = w()
  const { terms } = common
  return [
    { id: 'name', title: terms.name, cell: ({ name }) => <Name text={name.split('/').at(-1) ?? name} /> },
    { id: 'digest', title: terms.digest, wide: 'some', cell: ({ digest }) => <Digest text={digest} /> },
    { id: 'size', title: terms.size, align: 'end', cell: ({ size }) => <Bytes n={size} /> },
    {
      id: 'type',
      title: words.type,
      wide: true,
      cell: ({ mediaType }) => mediaType ?? <span class="quiet">–</span>,
    },
    {
      id: 'etag',
      title: 'ETag',
      wide: 'very',
      cell: ({ etag }) => <code class="name">{etag ?? '–'}</code>,
    },
    {
      id: 'fetched',
      title: words.fetchedAt,
      align: 'end',
      wide: 'some',
      cell: ({ fetchedAt }) => <Ago at={fetchedAt} />,
    },
    {
      id: 'checked',
      title: words.checkedAt,
      align: 'end',
      wide: true,
      cell: ({ checkedAt }) => <Ago at={checkedAt} />,
    },
  ]
}
