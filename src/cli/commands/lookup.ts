import type { Lookup } from '../../api/contract.ts'
import type { Block } from '../blocks.ts'
import { bytes, digest, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { withApi } from '../reach.ts'
import type { Table } from '../table.ts'

const EXITS: Record<Lookup['cached'], number> = {
  complete: EXIT.ok,
  partial: EXIT.partial,
  no: EXIT.notFound,
}

/** `lookup REF|URL`: whether it would be served without its upstream; the exit code says it too. */
export const lookup: Command = {
  name: 'lookup',
  group: 'look',
  words: 'REF|URL',
  takes: [1, 1],
  summary: 'is it cached? exit 0 complete, 3 partial, 4 no',
  flags: { json: true },
  about: [
    'No upstream is asked. "here" counts the bytes that are cached, "size" all that its manifests name.',
    'A file is named by its address, or as "ls --files" names it. A branch leads where it led when it was asked about',
    'last; all of a model is known where its list of files is. Of a module three files are wanted: .info, .mod and .zip.',
  ],
  examples: [
    'lookup nginx:1.27',
    'lookup ghcr.io/org/app:2 && echo cached',
    'lookup https://github.com/owner/repo/releases/download/v1/tool.tgz',
    'lookup hf:org/model',
  ],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const [name = ''] = context.words
      const found = await api.get('/lookup', { name }, { signal: context.signal })
      if (context.flags.on('json')) context.json(found)
      else context.print(lookupBlocks(found))
      return EXITS[found.cached]
    }),
}

/** The answer in a few lines; what is missing is listed. */
export function lookupBlocks(found: Lookup): Block[] {
  const tone = found.cached === 'complete' ? 'good' : found.cached === 'partial' ? 'warn' : 'bad'
  const facts: Block = {
    kind: 'facts',
    rows: [
      { label: 'name', value: words(found.name, 'strong') },
      { label: 'cached', value: words(found.cached, tone) },
      ...(found.digest === undefined
        ? []
        : [{ label: 'digest', value: { text: found.digest, raw: found.digest } }]),
      ...(found.digest === undefined && found.cached === 'no'
        ? []
        : [
            { label: 'here', value: bytes(found.here) },
            { label: 'size', value: bytes(found.size) },
          ]),
    ],
  }
  // Of what is not here at all, everything is missing.
  if (found.missing.length === 0 || found.cached === 'no') return [facts]
  const table: Table = {
    columns: [
      { key: 'missing', title: 'missing', shrink: true },
      { key: 'size', title: 'size', align: 'right' },
    ],
    rows: found.missing.map(({ name, digest: of, size }) => [
      name === undefined ? digest(of) : words(name),
      // Of a file that nobody asked about yet, nobody knows how long it is.
      size === 0 && of === undefined ? words(undefined) : bytes(size),
    ]),
  }
  return [facts, { kind: 'table', table, row: 'missing' }]
}
