import type { Lookup } from '../../api/contract.ts'
import type { Block } from '../blocks.ts'
import { bytes, digest, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { withApi } from '../reach.ts'

const EXITS: Record<Lookup['cached'], number> = {
  complete: EXIT.ok,
  partial: EXIT.partial,
  no: EXIT.notFound,
}

/** `lookup REF`: whether it would be served without its upstream; the exit code says it too. */
export const lookup: Command = {
  name: 'lookup',
  group: 'look',
  words: 'REF',
  takes: [1, 1],
  summary: 'is it cached? exit 0 complete, 3 partial, 4 no',
  flags: { json: true },
  about: [
    'No upstream is asked. "here" counts the bytes that are cached, "size" all that its manifests name.',
  ],
  examples: ['lookup nginx:1.27', 'lookup ghcr.io/org/app:2 && echo cached'],
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
        : [
            { label: 'digest', value: { text: found.digest, raw: found.digest } },
            { label: 'here', value: bytes(found.here) },
            { label: 'size', value: bytes(found.size) },
          ]),
    ],
  }
  if (found.missing.length === 0) return [facts]
  const table = {
    columns: [
      { key: 'digest', title: 'missing' },
      { key: 'size', title: 'size', align: 'right' as const },
    ],
    rows: found.missing.map((one) => [digest(one.digest), bytes(one.size)]),
  }
  return [facts, { kind: 'table', table, row: 'missing' }]
}
