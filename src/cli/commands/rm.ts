import type { Preview, Selection } from '../../api/contract.ts'
import { parseFilter } from '../../domain/filter.ts'
import { formatBytes } from '../../domain/units.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { type Reached, withApi } from '../reach.ts'
import { previewBlocks, removedBlocks } from '../views/removal.ts'

/** `rm REF…`: takes images out of the cache. */
export const rm: Command = {
  name: 'rm',
  group: 'change',
  words: '[REF…]',
  takes: [0, Infinity],
  summary: 'take images out of the cache',
  flags: {
    filter: 'only what matches, of the names or of everything',
    'dry-run': true,
    yes: true,
    json: true,
  },
  about: [
    'Shows what goes, what that frees and what stays because others share it. A tag stands for its image, whose other',
    'tags go with it; a REF without a tag stands for all images of that repository, and it may hold *, ** and ?.',
    'Pinned images stay, and so does what is being read.',
    'They are fetched again by the next pull.',
  ],
  examples: ['rm nginx:1.25 --dry-run', "rm 'ghcr.io/org/app:pr-*'", "rm --filter 'idle:90d >500MiB' --yes"],
  run: (context) => {
    const selection = selectionOf(context)
    return withApi(context, (reached) => remove(reached, selection, context))
  },
}

/** Nothing named never means everything. */
function selectionOf({ words: names, flags, world }: Context): Selection {
  const filter = flags.text('filter')
  const parsed = parseFilter(filter ?? '', world.clock())
  if ('problem' in parsed) throw usageError(parsed.problem)
  const empty = filter !== undefined && parsed.conditions.length === 0
  if (empty) throw usageError({ what: 'the filter is empty', hint: 'cachalot rm --help' })
  if (names.length === 0 && filter === undefined)
    throw usageError({ what: 'nothing is named', hint: 'a name, or --filter; cachalot rm --help' })
  return { names, ...(filter === undefined ? {} : { filter }) }
}

async function remove({ api }: Reached, selection: Selection, context: Context): Promise<number> {
  const { signal, flags } = context
  const dryRun = flags.on('dry-run')
  const preview = await api.post('/remove', { ...selection, dryRun: true }, { signal })
  requireFound(preview, context)
  if (dryRun) {
    if (flags.on('json')) context.json(preview)
    else context.print([...previewBlocks(preview, context.world.clock()), ...removedBlocks(preview, 'dry')])
    return codeOf(preview)
  }
  const { images, objects, frees } = preview
  // A person reads it before the answer; a program is told what was done alone.
  const isWatched = context.terminal.out.interactive
  if (!flags.on('json') && isWatched) context.print(previewBlocks(preview, context.world.clock()))
  const question = `remove ${counted(images.length, 'image')} (${counted(objects, 'object')}) and free ${formatBytes(frees)}?`
  await confirm(context, { objects: Math.max(objects, images.length), question })
  const removed = await api.post('/remove', { ...selection, dryRun: false }, { signal })
  const done = isWatched ? [] : previewBlocks(removed, context.world.clock())
  if (flags.on('json')) context.json(removed)
  else context.print([...done, ...removedBlocks(removed, 'done')])
  return codeOf(removed)
}

function requireFound({ images, notFound, pinned, inUse }: Preview, context: Context): void {
  if (images.length + pinned.length + inUse.length > 0) return
  if (context.flags.on('filter') && notFound.length === 0)
    throw new CommandError('nothing matches the filter', EXIT.notFound)
  const what = notFound.length === 0 ? 'nothing matches' : `not cached: ${notFound.join(', ')}`
  throw new CommandError({ what, hint: 'cachalot ls NAME' }, EXIT.notFound)
}

/** Partial where something that was asked for stays. */
function codeOf({ pinned, inUse, notFound }: Preview): number {
  return pinned.length + inUse.length + notFound.length > 0 ? EXIT.partial : EXIT.ok
}
