import type { BoundPreview, Evicted, Selection } from '../../api/contract-evict.ts'
import { parseFilter } from '../../domain/filter.ts'
import { formatBytes } from '../../domain/units.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { kindOf } from '../kinds.ts'
import { type Reached, withApi } from '../reach.ts'
import { countsOf, dryBlocks, evictedBlocks, previewBlocks, removedText } from '../views/removal.ts'

/** `rm REF…`: takes images and files out of the cache. */
export const rm: Command = {
  name: 'rm',
  group: 'change',
  words: '[REF…]',
  takes: [0, Infinity],
  summary: 'take images and files out of the cache',
  flags: {
    filter: 'only what matches, of the names or of everything',
    files: 'a filter without names is about files',
    kind: true,
    'dry-run': true,
    now: true,
    'tags-only': true,
    'include-gone': true,
    yes: true,
    json: true,
  },
  about: [
    'Shows what goes, what that frees and what stays because others share it. A tag stands for its image, whose other',
    'tags go with it; with --tags-only they stay, and the image with them. A REF without a tag stands for all images of',
    'that repository, and it may hold *, ** and ?.',
    'A REF that begins with go:, github:, hf: or git: means files: a version of a module, a file, all of a model, a',
    'mirror. A mirror goes at once: there is no way back, and the next clone fetches it again.',
    'Pinned images stay, and so does what is being read. What its upstream does not have any more, as far as it said,',
    'stays too, unless --include-gone is given: nothing brings it back.',
    'The next pull fetches them again. Their bytes stay for ten minutes, so that "undo" can put everything back, unless',
    'room is needed before, or --now is given. Where no server runs, the next one frees them.',
  ],
  examples: [
    'rm nginx:1.25 --dry-run',
    'rm nginx:latest --tags-only',
    "rm 'ghcr.io/org/app:pr-*'",
    "rm --filter 'idle:90d >500MiB' --yes",
    'rm hf:org/model',
    "rm --files --kind github --filter 'idle:30d'",
  ],
  run: (context) => {
    const selection = selectionOf(context)
    return withApi(context, (reached) => remove(reached, selection, context))
  },
}

/** Nothing named never means everything. */
function selectionOf(context: Context): Selection {
  const { words: names, flags, world } = context
  const filter = flags.text('filter')
  const parsed = parseFilter(filter ?? '', world.clock())
  if ('problem' in parsed) throw usageError(parsed.problem)
  const empty = filter !== undefined && parsed.conditions.length === 0
  if (empty) throw usageError({ what: 'the filter is empty', hint: 'cachalot rm --help' })
  if (names.length === 0 && filter === undefined)
    throw usageError({ what: 'nothing is named', hint: 'a name, or --filter; cachalot rm --help' })
  const kind = kindOf(context)
  const isOfFiles = flags.on('files') || kind !== undefined
  if (isOfFiles && flags.on('tags-only'))
    throw usageError({ what: 'files have no tags', hint: 'rm without --tags-only' })
  return {
    names,
    ...(filter === undefined ? {} : { filter }),
    ...(isOfFiles ? { of: 'files' } : {}),
    ...(kind === undefined ? {} : { kind }),
  }
}

async function remove({ api, isServed }: Reached, selection: Selection, context: Context): Promise<number> {
  const { signal, flags, world } = context
  const includeGone = flags.on('include-gone')
  const tagsOnly = flags.on('tags-only')
  const preview = await api.post('/selection', { ...selection, includeGone, tagsOnly }, { signal })
  requireFound(preview, context)
  if (flags.on('dry-run')) {
    if (flags.on('json')) context.json(preview)
    else
      context.print([...previewBlocks(preview, { now: world.clock(), includeGone }), ...dryBlocks(preview)])
    return codeOf(preview, { includeGone })
  }
  const { count, namesOnly, objects, frees, gone, previewId } = preview
  // A person reads it before the answer; a program is told what was done alone.
  const isWatched = context.terminal.out.interactive
  if (!flags.on('json') && isWatched)
    context.print(previewBlocks(preview, { now: world.clock(), includeGone }))
  const what = removedText({ ...countsOf(preview), namesOnly: namesOnly.length })
  const freed = `(${counted(objects, 'object')}) and free ${formatBytes(frees)}`
  const question = `remove ${what}${count === 0 ? '' : ` ${freed}`}?`
  await confirm(context, {
    objects: Math.max(objects, count, namesOnly.length),
    isFinal: includeGone && gone.length > 0,
    question,
  })
  const mode = flags.on('now') ? 'now' : 'undo'
  const evicted =
    count + namesOnly.length === 0
      ? undefined
      : await api.post('/evict', { previewId, mode, includeGone }, { signal })
  if (flags.on('json')) context.json({ ...preview, eviction: evicted })
  else
    context.print([
      ...(isWatched ? [] : previewBlocks(preview, { now: world.clock(), includeGone })),
      ...evictedBlocks(preview, evicted, isServed),
    ])
  return codeOf(preview, { includeGone, evicted })
}

function requireFound(preview: BoundPreview, context: Context): void {
  const { count, namesOnly, notFound, pinned, inUse, needed, gone } = preview
  if (count + namesOnly.length + pinned.length + inUse.length + needed.length + gone.length > 0) return
  if (context.flags.on('filter') && notFound.length === 0)
    throw new CommandError('nothing matches the filter', EXIT.notFound)
  const what = notFound.length === 0 ? 'nothing matches' : `not cached: ${notFound.join(', ')}`
  throw new CommandError({ what, hint: 'cachalot ls NAME' }, EXIT.notFound)
}

/** Partial where something that was asked for stays. */
function codeOf(
  { pinned, inUse, needed, gone, notFound }: BoundPreview,
  { includeGone, evicted }: { includeGone: boolean; evicted?: Evicted | undefined },
): number {
  const staysGone = includeGone ? 0 : gone.length
  const stays =
    pinned.length + inUse.length + needed.length + staysGone + notFound.length + (evicted?.left.length ?? 0)
  return stays > 0 ? EXIT.partial : EXIT.ok
}
