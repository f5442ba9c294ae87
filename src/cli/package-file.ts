import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import process from 'node:process'
import type { ApiClient } from '../api/client.ts'
import type { ExportAsk, ExportPlan } from '../api/contract-packages.ts'
import type { Context } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { createProgress, type Progress, SILENT_PROGRESS } from './progress.ts'

/** An archive that is about to be written to this machine. */
export interface Archive {
  readonly api: ApiClient
  readonly ask: ExportAsk
  readonly plan: ExportPlan
  readonly context: Context
}

/** Writes all of it to standard output and returns its SHA-256 in hexadecimal digits. */
export async function downloadPipe(archive: Archive): Promise<string> {
  const hash = createHash('sha256')
  await receive(archive, 0, async (chunk) => {
    hash.update(chunk)
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  })
  return hash.digest('hex')
}

/** The same into a new file. */
export async function downloadFile(archive: Archive, path: string): Promise<string> {
  const file = await openFile(path, 'w')
  return await finish(archive, { file, path, from: 0, hash: createHash('sha256') })
}

/**
 * Goes on with the file that an earlier run left. What is there is read, as it counts for the SHA-256. Throws
 * CommandError where it is the beginning of another archive.
 */
export async function continueFile(archive: Archive, path: string): Promise<string> {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  // The names of all content are not there yet: nothing tells whether the rest would fit.
  if (size < archive.plan.head) return await downloadFile(archive, path)
  if (size > archive.plan.size || !(await isBeginning(archive, path))) throw otherFile(path)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk)
  archive.context.note(`${path} has ${size} of ${archive.plan.size} bytes: going on`)
  if (size === archive.plan.size) return hash.digest('hex')
  const file = await openFile(path, 'r+')
  return await finish(archive, { file, path, from: size, hash })
}

/** Archives that name the same content at their beginning are the same. */
async function isBeginning({ api, ask, plan, context }: Archive, path: string): Promise<boolean> {
  const { head, etag } = plan
  const headers = { range: `bytes=0-${head - 1}`, 'if-range': `"${etag}"` }
  const response = await api.open('/export', ask, { headers, signal: context.signal })
  if (response.statusCode !== 206) {
    response.destroy()
    return false
  }
  const theirs: Buffer[] = []
  // A response without an encoding gives buffers.
  for await (const chunk of response as AsyncIterable<Buffer>) theirs.push(chunk)
  const ours: Buffer[] = []
  // The same.
  for await (const chunk of createReadStream(path, { end: head - 1 }) as AsyncIterable<Buffer>)
    ours.push(chunk)
  return Buffer.concat(ours).equals(Buffer.concat(theirs))
}

interface Target {
  readonly file: FileHandle
  readonly path: string
  readonly from: number
  readonly hash: Hash
}

async function finish(archive: Archive, { file, path, from, hash }: Target): Promise<string> {
  let at = from
  try {
    await receive(archive, from, async (chunk) => {
      hash.update(chunk)
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at)
        done += bytesWritten
        at += bytesWritten
      }
    })
    await file.sync()
    return hash.digest('hex')
  } catch (error) {
    throw trouble(error, path)
  } finally {
    await file.close()
  }
}

/** Gives the archive from byte `from` on to `take`, to its end. */
async function receive(
  archive: Archive,
  from: number,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  const { api, ask, plan, context } = archive
  const headers = from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': `"${plan.etag}"` }
  const response = await api.open('/export', ask, { headers, signal: context.signal })
  const progress = progressOf(context)
  let bytes = from
  try {
    requireSame(response, plan, from)
    const total = { total: plan.blobs, bytesTotal: plan.size }
    // A response without an encoding gives buffers.
    for await (const chunk of response as AsyncIterable<Buffer>) {
      await take(chunk)
      bytes += chunk.length
      progress.update({ subject: '', done: Math.floor((bytes / plan.size) * plan.blobs), bytes, ...total })
    }
  } catch (error) {
    response.destroy()
    if (context.signal.aborted || !isCut(error)) throw error
    throw cut(bytes, plan.size)
  } finally {
    progress.clear()
  }
  if (bytes !== plan.size) throw cut(bytes, plan.size)
}

function requireSame({ headers, statusCode }: IncomingMessage, { etag }: ExportPlan, from: number): void {
  if (headers.etag === `"${etag}"` && statusCode === (from === 0 ? 200 : 206)) return
  const what = 'an image has changed since the export began'
  throw new CommandError({ what, hint: 'export again' }, EXIT.partial)
}

function progressOf(context: Context): Progress {
  const { terminal, world, flags } = context
  if (flags.on('quiet')) return SILENT_PROGRESS
  const write = (text: string): void => void world.stderr.write(text)
  return createProgress({ screen: terminal.err, clock: world.clock, write, verb: 'exporting', noun: 'blobs' })
}

async function openFile(path: string, flags: 'w' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags)
  } catch (error) {
    throw trouble(error, path)
  }
}

/** Errors of the file system carry a code. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? ''
}

function trouble(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EFBIG', 'EDQUOT', 'EIO'].includes(code)) return error
  const hint = code === 'ENOSPC' ? 'make room, then again with --continue' : 'another FILE'
  return new CommandError({ what: `${path} cannot be written`, why: code, hint }, EXIT.failed)
}

function isCut(error: unknown): boolean {
  return codeOf(error) === 'ECONNRESET' || (error instanceof Error && error.message === 'aborted')
}

function cut(bytes: number, size: number): CommandError {
  const what = `the archive was cut after ${bytes} of ${size} bytes: some content could not be had, or was wrong`
  return new CommandError(
    { what, hint: 'again with --continue; the log of the server says why' },
    EXIT.upstream,
  )
}

function otherFile(path: string): CommandError {
  const what = `${path} is not the beginning of this archive: other images, or newer ones`
  return new CommandError({ what, hint: 'without --continue and with --yes it is replaced' }, EXIT.busy)
}
