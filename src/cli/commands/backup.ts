import { statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { exists } from '../../backup/archive.ts'
import { type BackupReport, backUp, type Destination } from '../../backup/backup.ts'
import { placeOf } from '../../backup/folder.ts'
import { formatBytes } from '../../domain/units.ts'
import { type Block, line } from '../blocks.ts'
import { bytes, counted, listed, words } from '../cells.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { follow } from '../follow.ts'

/** `backup DIR|FILE`: a copy to come back to, made while the server runs. */
export const backup: Command = {
  name: 'backup',
  group: 'keep in order',
  words: 'DIR|FILE.tar|-',
  takes: [1, 1],
  summary: 'copy index, users and configuration, while the server runs',
  flags: { 'with-content': true, 'with-keys': true, json: true },
  about: [
    'A folder looks like a data folder; one that holds an older backup is brought up to date, and of the content only',
    'what is new is copied. FILE.tar is the same as one archive, - writes it to standard output. All of it is readable',
    'for you alone. Without --with-content the index alone knows what was cached, and whoever asks for something fetches',
    'it again. Mirrors of git repositories are left out. Pulls go on meanwhile.',
    'To bring it back: stop the server, remove cachalot.db* from the data folder, copy the backup into it, start.',
  ],
  examples: [
    'backup /srv/backup/cachalot',
    'backup /srv/backup/cachalot --with-content',
    'backup cachalot.tar --with-keys',
    'backup - | ssh elsewhere "cat > cachalot.tar"',
  ],
  run: async (context) => {
    const { flags, world, signal } = context
    const loaded = requireConfig(context)
    const data = loaded.config.storage.path
    requireIndex(data)
    const to = await destinationOf(context, data)
    const said = backUp({
      loaded,
      to,
      withContent: flags.on('with-content'),
      withKeys: flags.on('with-keys'),
      clock: world.clock,
      signal,
    })
    const report = await follow(said, { context, verb: 'copying', noun: 'blobs' }).catch((error: unknown) => {
      throw signal.aborted ? error : explained(error)
    })
    tell(report, to, context)
  },
}

function requireIndex(data: string): void {
  try {
    statSync(join(data, 'cachalot.db'))
  } catch (error) {
    // Errors of the file system carry a code.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw explained(error)
    const hint = 'see storage.path and --config; the server makes a new index when it starts'
    throw new CommandError({ what: `there is no index in ${data}`, hint }, EXIT.notFound)
  }
}

/** Throws CommandError (exit 2) for what would overwrite something. */
async function destinationOf(
  { words: [word = ''], flags, terminal }: Context,
  data: string,
): Promise<Destination> {
  if (word === '-') {
    if (flags.on('json')) throw usageError('standard output is the archive: --json does not go with -')
    if (terminal.out.interactive)
      throw usageError({ what: 'an archive is no text for a terminal', hint: 'backup - > cachalot.tar' })
    return { kind: 'stdout' }
  }
  const path = resolve(word)
  requireOutside(path, data)
  if (path.endsWith('.tar')) {
    if (await exists(path)) throw usageError({ what: `${path} is there already`, hint: 'another name' })
    return { kind: 'archive', path }
  }
  const place = await placeOf(path).catch((error: unknown) => {
    throw explained(error)
  })
  if (place === 'other') {
    const hint = 'a new folder, or a name that ends with .tar'
    throw usageError({ what: `${path} is not empty and holds no backup`, hint })
  }
  return { kind: 'folder', path }
}

/** Our own folders, which are collected and counted. */
const OWN = new Set(['', 'blobs', 'parts', 'trash', 'quarantine', 'git', 'acme'])

function requireOutside(path: string, data: string): void {
  const [first = ''] = relative(data, path.endsWith('.tar') ? dirname(path) : path).split(sep)
  const isAtRoot = first === '' && path.endsWith('.tar')
  if (!OWN.has(first) || isAtRoot) return
  throw usageError({ what: `${path} belongs to the cache itself`, hint: 'a folder elsewhere' })
}

function explained(error: unknown): CommandError {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM')
    return new CommandError(
      { what: 'no backup', why: message, hint: 'as the user who runs the server' },
      EXIT.auth,
    )
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new CommandError(
      { what: 'the index is damaged', why: message, hint: 'start the server, which puts it back' },
      EXIT.integrity,
    )
  return new CommandError({ what: 'no backup', why: message })
}

function tell(report: BackupReport, to: Destination, context: Context): void {
  if (context.flags.on('json')) context.json(report)
  else if (to.kind === 'stdout') context.note(closing(report))
  else context.print([...facts(report), line(`backup in ${to.path}: ${closing(report)}`, 'good')])
  if (report.leftOut.length > 0)
    context.note(`left out, which --with-keys takes along: ${report.leftOut.join(', ')}`)
}

function facts({ index, files, content }: BackupReport): Block[] {
  const rows = [
    { label: 'index', value: bytes(index) },
    { label: 'files', value: listed(files, 6) },
    ...(content === undefined
      ? [{ label: 'content', value: words('left out, --with-content takes it along') }]
      : [
          { label: 'content', value: bytes(content.bytes) },
          { label: 'copied', value: bytes(content.copiedBytes) },
          {
            label: 'missing',
            value: { text: counted(content.missing, 'blob'), raw: String(content.missing) },
          },
        ]),
  ]
  return [{ kind: 'facts', rows }]
}

function closing({ index, files, content }: BackupReport): string {
  const parts = [`index (${formatBytes(index)})`, counted(files.length, 'file')]
  if (content !== undefined) {
    const { blobs, bytes: all, copied, copiedBytes } = content
    parts.push(
      `${counted(blobs, 'blob')} (${formatBytes(all)}), ${copied} of them new (${formatBytes(copiedBytes)})`,
    )
  }
  return parts.join(', ')
}
