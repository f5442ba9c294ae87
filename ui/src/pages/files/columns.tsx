import type { FileRow } from '../../../../src/api/contract-files.ts'
import { Icon } from '../../parts/icon.tsx'
import { fileHref, shortFile } from '../../parts/place.ts'
import { Ago, Name } from '../../parts/small.tsx'
import type { Column } from '../../parts/table.tsx'
import { TagMark } from '../../parts/upstream-check.tsx'
import { w } from '../../words/words.ts'
import { Pinned, sizeColumns, usageColumns } from '../images/columns.tsx'

/** `isMixed`: files of every kind are listed, so each says which one it is of. */
export function fileColumns(isMixed: boolean): readonly Column<FileRow>[] {
  const { files: words, common } = w()
  const { terms } = common
  const kind: Column<FileRow> = {
    id: 'kind',
    title: words.kind,
    wide: true,
    cell: (row) => <span class="kind-cell">{words.kinds[row.kind]}</span>,
  }
  return [
    { id: 'name', title: terms.name, sortable: true, cell: (row) => <NameCell row={row} /> },
    ...(isMixed ? [kind] : []),
    { id: 'state', title: terms.state, wide: true, cell: ({ state }) => <TagMark state={state} /> },
    ...sizeColumns<FileRow>(),
    {
      id: 'firstCached',
      title: terms.firstCached,
      align: 'end',
      sortable: true,
      wide: 'very',
      cell: ({ firstCached }) => <Ago at={firstCached} />,
    },
    ...usageColumns<FileRow>(terms.lastUsed, words.uses),
    {
      id: 'source',
      title: words.source,
      isQuiet: true,
      wide: 'some',
      cell: ({ name, source }) => <Source name={name} to={source} />,
    },
  ]
}

/** Two lines at most: rows have one height. */
function NameCell({ row }: { row: FileRow }) {
  const { name, file, pinned } = row
  return (
    <span class="with-pin">
      <a class="clamp" href={fileHref(name)} title={name}>
        <FileName row={row} />
      </a>
      {file === '' && <span class="chip">{w().files.whole}</span>}
      {pinned && <Pinned />}
    </span>
  )
}

interface FileNameProps {
  readonly row: Pick<FileRow, 'kind' | 'repository' | 'file'>
  /** Nothing is left out for the sake of room. */
  readonly isWhole?: boolean
}

/** Its repository, and what of it this is. */
export function FileName({ row, isWhole = false }: FileNameProps) {
  const { file } = row
  return (
    <>
      <Name text={repositoryOf(row)} />
      {file !== '' && (
        <>
          <span class="quiet"> · </span>
          <Name text={isWhole ? shortFile(file) : shortPath(shortFile(file))} />
        </>
      )}
    </>
  )
}

/** More does not fit two lines. */
const LONGEST = 56

/** Of what is long the ends say most: its area, its commit or tag, and what it is called. */
function shortPath(file: string): string {
  const parts = file.replace(/^releases\/download\//, '').split('/')
  const text = parts.join('/')
  return text.length <= LONGEST || parts.length < 4
    ? text
    : [...parts.slice(0, 2), '…', ...parts.slice(-1)].join('/')
}

/** "owner/repo", "org/model", "golang.org/x/text": its kind stands elsewhere. */
export function repositoryOf({ kind, repository }: Pick<FileRow, 'kind' | 'repository'>): string {
  return kind === 'hf' ? repository.replace(/^models\//, '') : repository
}

export function Source({ name, to, text }: { name: string; to: string; text?: string }) {
  return (
    <a
      class="source"
      href={to}
      target="_blank"
      rel="noreferrer"
      {...(text === undefined ? { 'aria-label': w().files.sourceOf(name), title: to } : {})}
    >
      {text} <Icon name="external" size={14} />
    </a>
  )
}
