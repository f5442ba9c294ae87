import type { CheckedName } from '../../api/contract-contents.ts'
import { digest, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { exitCodeOf } from '../failure.ts'
import type { Tone } from '../paint.ts'
import { withApi } from '../reach.ts'
import type { Table } from '../table.ts'

/** As many as the server asks about at once. */
const AT_ONCE = 100

/** `check REF…`: whether upstreams still have what is cached; the exit code says it too. */
export const check: Command = {
  name: 'check',
  group: 'look',
  words: 'REF…',
  takes: [1, Infinity],
  summary: 'is it still what upstream has? exit 0 same, 3 moved, 4 gone',
  flags: { json: true },
  about: [
    'Asks the upstreams by HEAD, which costs no pull. What is cached stays as it is; what the upstream said is',
    'remembered and shown in lists ("ls --filter gone") until the next pull or check.',
    'Only images are compared: files are asked about when somebody pulls them and they are due.',
    'Exit 4 also where a name is not cached, 6 where the upstream could not say, 3 where names differ in that.',
  ],
  examples: ['check nginx:1.27', 'check ghcr.io/org/app:2 ghcr.io/org/app@sha256:…'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const { words: names, signal } = context
      const items: CheckedName[] = []
      for (let at = 0; at < names.length; at += AT_ONCE) {
        const page = names.slice(at, at + AT_ONCE)
        items.push(...(await api.post('/check', { names: page }, { signal })).items)
      }
      if (context.flags.on('json')) context.json(items)
      else context.print([{ kind: 'table', table: checkTable(items) }])
      return checkCode(items)
    }),
}

const TONES: Readonly<Record<CheckedName['state'], Tone>> = {
  same: 'good',
  moved: 'warn',
  gone: 'bad',
  failed: 'bad',
}

/** What each upstream said, beside what is cached. */
export function checkTable(items: readonly CheckedName[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'state', title: 'upstream' },
      { key: 'digest', title: 'cached', drop: 2 },
      { key: 'upstreamDigest', title: 'upstream has', drop: 1 },
      { key: 'error', title: '', shrink: true },
    ],
    rows: items.map((item) => [
      words(item.name, 'strong'),
      words(item.state, TONES[item.state]),
      digest(item.digest),
      digest(item.upstreamDigest),
      item.error === undefined ? { text: '', raw: '' } : words(item.error.message),
    ]),
  }
}

/** That of all names where they are alike, else "partial". */
export function checkCode(items: readonly CheckedName[]): number {
  const codes = new Set(items.map(codeOf))
  const [only = EXIT.ok] = codes
  return codes.size > 1 ? EXIT.partial : only
}

function codeOf({ state, error }: CheckedName): number {
  if (state === 'same') return EXIT.ok
  if (state === 'moved') return EXIT.partial
  if (state === 'gone') return EXIT.notFound
  return exitCodeOf({ code: error?.code ?? '', status: 0 })
}
