import type { PinRow } from '../../api/contract.ts'
import { isProtocolName } from '../../domain/protocol-names.ts'
import { line } from '../blocks.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT } from '../exit.ts'
import { badValue } from '../flags.ts'
import { momentOf } from '../moment.ts'
import { type Reached, withApi } from '../reach.ts'
import { pinTable } from '../views/lists.ts'
import { removedText } from '../views/removal.ts'

const PATTERNS = 'PATTERN is a name as in a pull, or a glob: * stays within a part of the name, ** does not.'
const OF_FILES =
  'With go:, github:, hf: or git: in front it means files: "hf:org/model" is all of a model, "go:golang.org/x/*" modules.'

/** `pins`: what is kept whatever happens. */
export const pins: Command = {
  name: 'pins',
  group: 'look',
  summary: 'what is pinned, by whom, for how long',
  flags: { json: true },
  run: (context) =>
    withApi(context, async ({ api }) => {
      const { items } = await api.get('/pins', {}, { signal: context.signal })
      output(items, context)
    }),
}

/** `pin PATTERN…`: keeps what matches, now and later, from being evicted or expired. */
export const pin: Command = {
  name: 'pin',
  group: 'change',
  words: 'PATTERN…',
  takes: [1, Infinity],
  summary: 'keep images and files whatever happens',
  flags: { until: true, reason: true, 'dry-run': true, yes: true, json: true },
  about: [
    PATTERNS,
    OF_FILES,
    'What is cached later is pinned too. Pins of config.toml ([[pin]]) are changed there.',
  ],
  examples: [
    "pin 'docker.io/library/alpine:3*'",
    'pin nginx:1.27 --until 2026-12-31 --reason "release 14"',
    'pin hf:org/model',
  ],
  run: async (context) => {
    const until = untilOf(context)
    const match = context.words
    if (context.flags.on('dry-run')) return withApi(context, (reached) => preview(reached, context))
    await confirm(context, { objects: match.length, question: `pin ${counted(match.length, 'pattern')}?` })
    const reason = context.flags.text('reason')
    const extra = { ...(until === undefined ? {} : { until }), ...(reason === undefined ? {} : { reason }) }
    return withApi(context, async ({ api }) => {
      const { items } = await api.put('/pins', { match, ...extra }, { signal: context.signal })
      output(items, context)
    })
  },
}

/** `unpin PATTERN…`: takes back exactly these patterns. */
export const unpin: Command = {
  name: 'unpin',
  group: 'change',
  words: 'PATTERN…',
  takes: [1, Infinity],
  summary: 'no longer keep them',
  flags: { 'dry-run': true, yes: true, json: true },
  about: ['PATTERN is one of those that "cachalot pins" lists. Nothing is removed by this.'],
  examples: ["unpin 'docker.io/library/alpine:3*'"],
  run: async (context) => {
    const match = context.words
    if (context.flags.on('dry-run')) return withApi(context, (reached) => previewUnpin(reached, context))
    await confirm(context, { objects: match.length, question: `unpin ${counted(match.length, 'pattern')}?` })
    return withApi(context, async ({ api }) => {
      const { items } = await api.del('/pins', { match }, { signal: context.signal })
      output(items, context)
    })
  },
}

function untilOf({ flags, world }: Context): number | undefined {
  const text = flags.text('until')
  if (text === undefined) return undefined
  const until = momentOf(text, world.clock())
  if (until === undefined) throw badValue('until', text, 'like "2026-12-31" or "30d", in the future')
  return until
}

/** Asks what a removal of these names would take: it reads names as pins do. */
async function preview({ api }: Reached, context: Context): Promise<void> {
  const ask = { names: context.words, dryRun: true }
  const found = await api.post('/remove', ask, { signal: context.signal })
  const names = [
    ...[...found.images, ...found.files].map(({ name }) => name),
    ...found.pinned,
    ...found.inUse,
    ...found.gone,
  ].toSorted()
  const files = names.filter(isProtocolName)
  const images = names.filter((name) => !isProtocolName(name))
  if (context.flags.on('json')) context.json({ images, files, notFound: found.notFound })
  else for (const name of names) context.print([line(name)])
  const none = found.notFound.length === 0 ? '' : `; nothing yet of ${found.notFound.join(', ')}`
  const what = removedText({ images: images.length, files: files.length })
  context.note(`${what} would be kept${none}. nothing was changed`)
}

async function previewUnpin({ api }: Reached, context: Context): Promise<void> {
  const { items } = await api.get('/pins', {}, { signal: context.signal })
  // The server writes names whole: "nginx:1*" became "docker.io/library/nginx:1*".
  const known = items.filter(({ match }) =>
    context.words.some((word) => match === word || match.endsWith(`/${word}`)),
  )
  if (known.length === 0)
    throw new CommandError({ what: 'there is no such pin', hint: 'cachalot pins' }, EXIT.notFound)
  output(known, context)
  context.note('nothing was changed. run without --dry-run to take these back')
}

function output(items: readonly PinRow[], context: Context): void {
  if (context.flags.on('json')) return context.json({ items })
  if (items.length > 0) context.print([{ kind: 'table', table: pinTable(items) }])
  else context.note('nothing is pinned')
}
