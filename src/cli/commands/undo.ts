import type { Eviction } from '../../api/contract-evict.ts'
import { formatBytes } from '../../domain/units.ts'
import { line } from '../blocks.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT } from '../exit.ts'
import { type Reached, withApi } from '../reach.ts'
import { removedText } from '../views/removal.ts'

/** `undo [ID]`: takes an eviction back. */
export const undo: Command = {
  name: 'undo',
  group: 'change',
  words: '[ID]',
  takes: [0, 1],
  summary: 'put back what rm took out',
  flags: { json: true },
  about: [
    'Puts names and bytes back as they were, for ten minutes after an rm without --now, as long as nobody needed the',
    'room. Without an ID the latest one. Names that were pulled again meanwhile stay as they are.',
  ],
  examples: ['undo', 'undo 7f3a01'],
  run: (context) => withApi(context, (reached) => putBack(reached, context)),
}

async function putBack({ api }: Reached, context: Context): Promise<void> {
  const { signal, flags } = context
  const { items } = await api.get('/evictions', {}, { signal })
  const { id, names } = choose(items, context.words[0])
  const undone = await api.post('/undo', { id }, { signal })
  const { images, files } = undone
  // Without images and files it was tags alone.
  const what = removedText({ images, files, namesOnly: images + files === 0 ? names.length : 0 })
  if (flags.on('json')) context.json({ id, ...undone })
  else context.print([line(`put ${what} back, ${formatBytes(undone.bytes)}`)])
}

function choose(evictions: readonly Eviction[], id: string | undefined): Eviction {
  const open = evictions.filter(({ undoUntil }) => undoUntil !== undefined)
  const chosen = id === undefined ? open[0] : open.find((eviction) => eviction.id === id)
  if (chosen !== undefined) return chosen
  const others = open.map((eviction) => eviction.id).join(', ')
  const what = id === undefined ? 'there is nothing to undo' : `${id} cannot be undone, or not any more`
  const hint = others === '' ? 'the next pull fetches it again' : `one of ${others}`
  throw new CommandError({ what, hint }, EXIT.notFound)
}
