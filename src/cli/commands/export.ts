import { statSync } from 'node:fs'
import type { ExportPlan } from '../../api/contract-packages.ts'
import { bytes, count, counted, listed, words } from '../cells.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { type Archive, continueFile, downloadFile, downloadPipe } from '../package-file.ts'
import { type Reached, withApi } from '../reach.ts'

/** `export REF… -o FILE`: images as one file for machines without a network. */
export const exportImages: Command = {
  name: 'export',
  group: 'look',
  words: 'REF…',
  takes: [1, 100],
  summary: 'write images into one file for machines without a network',
  flags: {
    output: true,
    platform: '"linux/arm64", or all; that of this machine\'s server by default',
    continue: true,
    yes: 'replace the file',
    json: true,
  },
  about: [
    'docker load, podman load, skopeo copy docker-archive: and oci-archive:, and cachalot import all read it. Layers that',
    'images share are in it once. What is not cached yet is fetched while it is written. Equal images make equal files.',
    'With all, the OCI part has every platform; tools that read the Docker part get the one of this machine.',
  ],
  examples: [
    'export nginx:1.27 redis:8 -o images.tar',
    'export nginx:1.27 --platform linux/arm64 -o images.tar --continue',
    'export alpine:3 --platform all -o - | ssh far-away cachalot import -',
  ],
  run: async (context) => {
    const output = context.flags.text('output')
    if (output === undefined)
      throw usageError({ what: 'export needs -o FILE', hint: '-o images.tar, or -o -' })
    if (output === '-') requirePipe(context)
    else requireNew(output, context)
    return withApi(context, (reached) => save(reached, output, context), { create: true })
  },
}

function requirePipe({ world, flags }: Context): void {
  if (flags.on('continue')) throw usageError('--continue needs a file')
  if (flags.on('json')) throw usageError('--json and the archive cannot both go to standard output')
  if (world.stdout.isTTY !== true) return
  throw usageError({
    what: 'an archive would only confuse this terminal',
    hint: '-o FILE, or a pipe behind it',
  })
}

function requireNew(file: string, { flags }: Context): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isDirectory() === true) throw usageError(`${file} is a folder`)
  if (found === undefined || flags.on('continue') || flags.on('yes')) return
  const hint = '--continue to go on with it, --yes to replace it'
  throw new CommandError({ what: `${file} is there already`, hint }, EXIT.busy)
}

async function save({ api }: Reached, output: string, context: Context): Promise<number> {
  const platform = context.flags.text('platform')
  const ask = { name: context.words, ...(platform === undefined ? {} : { platform }) }
  const { signal } = context
  const plan = await api.get('/export/plan', ask, { signal })
  const archive: Archive = { api, ask, plan, context }
  const isContinued = context.flags.on('continue')
  const sha256 =
    output === '-'
      ? await downloadPipe(archive)
      : await (isContinued ? continueFile(archive, output) : downloadFile(archive, output))
  const after = await api.get('/export/plan', ask, { signal })
  requireSame(after, plan, { sha256, output })
  report({ ...plan, sha256 }, output, context)
  return EXIT.ok
}

/** Where the server knows the checksum, what was written must have it. */
function requireSame(
  after: ExportPlan,
  plan: ExportPlan,
  { sha256, output }: { sha256: string; output: string },
): void {
  if (after.etag !== plan.etag || after.sha256 === undefined || after.sha256 === sha256) return
  const what = `${output} is not what was sent: its SHA-256 is ${sha256}, not ${after.sha256}`
  throw new CommandError({ what, hint: 'remove it and export again' }, EXIT.integrity)
}

function report(plan: ExportPlan, output: string, context: Context): void {
  const { images, size, sha256, blobs } = plan
  for (const image of images)
    if (image.zstd)
      context.note(`${image.name} has layers packed by zstd: docker load takes them since Docker 23`)
  if (output === '-') {
    context.note(`${counted(images.length, 'image')}, ${size} bytes, sha256 ${sha256 ?? ''}`)
    return
  }
  if (context.flags.on('json')) {
    context.json({ ...plan, file: output })
    return
  }
  context.print([
    {
      kind: 'table',
      table: {
        columns: [
          { key: 'name', title: 'name', shrink: true },
          { key: 'platforms', title: 'platforms', shrink: true, drop: 1 },
          { key: 'layers', title: 'layers', align: 'right' },
          { key: 'size', title: 'size', align: 'right' },
        ],
        rows: images.map((image) => [
          words(image.name, 'strong'),
          listed(image.platforms),
          words(String(image.layers)),
          bytes(image.size),
        ]),
      },
    },
    {
      kind: 'facts',
      rows: [
        { label: 'file', value: words(output) },
        { label: 'size', value: bytes(size) },
        { label: 'blobs', value: count(blobs) },
        { label: 'sha256', value: words(sha256) },
      ],
    },
  ])
}
