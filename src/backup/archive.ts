import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { Header } from 'tar'
import type { Piece } from './contents.ts'
import { MANIFEST } from './folder.ts'
import { isGone, type Taken, type Target } from './target.ts'

export interface ArchiveAsk {
  /** A path, or `stdout`. */
  readonly to: string | { readonly stdout: true }
  /** Where the copy of the index may lie meanwhile. */
  readonly index: string
  /** Milliseconds since the epoch, of what is made here. */
  readonly at: number
}

const BLOCK = 512
const PIECE = 1024 * 1024

/** A backup as one tar archive, readable for this user alone; a file appears whole or not at all. */
export async function openArchive({ to, index, at }: ArchiveAsk): Promise<Target> {
  const half = typeof to === 'string' ? `${to}.${process.pid}.half` : undefined
  // Standard output as Node has it: a pipe may refuse what a file takes.
  const out = half === undefined ? process.stdout : createWriteStream(half, { flags: 'wx', mode: 0o600 })
  const write = createWrite(out)
  let isDone = false

  const addFile = async (name: string, file: FileHandle): Promise<void> => {
    const { size, mtimeMs } = await file.stat()
    await write(headerOf({ name, size, at: mtimeMs }))
    await pour(file, size, write)
  }
  const take = async ({ name, from }: Piece): Promise<Taken> => {
    const file = await open(from, 'r').catch((error: unknown) => {
      if (isGone(error)) return undefined
      throw error
    })
    if (file === undefined) return 'missing'
    try {
      await addFile(name, file)
    } finally {
      await file.close()
    }
    return 'taken'
  }
  return {
    index,
    take,
    finish: async (manifest) => {
      await take({ name: 'cachalot.db', from: index })
      const bytes = Buffer.from(manifest)
      await write(headerOf({ name: MANIFEST, size: bytes.length, at }))
      await write(padded(bytes))
      await write(Buffer.alloc(2 * BLOCK))
      await (half === undefined ? flush(out) : end(out))
      isDone = true
      if (half === undefined || typeof to !== 'string') return
      await syncFile(half)
      await rename(half, to)
    },
    close: async () => {
      await rm(index, { force: true })
      if (isDone || half === undefined) return
      out.destroy()
      await rm(half, { force: true })
    },
  }
}

type Write = (bytes: Buffer) => Promise<void>

/** Waits where the reader is slower; rejects with the stream's error. */
function createWrite(out: Writable): Write {
  let trouble: Error | undefined
  out.on('error', (error) => {
    trouble = error
  })
  return async (bytes) => {
    if (trouble !== undefined) throw trouble
    if (!out.write(bytes)) await once(out, 'drain')
  }
}

/** Others may write to it afterwards. */
async function flush(out: Writable): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    out.write('', (error) => (error == null ? resolve() : reject(error)))
  })
}

async function end(out: Writable): Promise<void> {
  out.end()
  await once(out, 'finish')
}

interface Entry {
  readonly name: string
  readonly size: number
  readonly at: number
}

function headerOf({ name, size, at }: Entry): Buffer {
  const header = new Header({
    path: name,
    mode: 0o600,
    type: 'File',
    size,
    mtime: new Date(at),
    uid: 0,
    gid: 0,
  })
  const block = Buffer.alloc(BLOCK)
  if (header.encode(block, 0)) throw new Error(`${name} is too long for a tar archive`)
  return block
}

/** Exactly `size` bytes, whatever happens to the file meanwhile. */
async function pour(file: FileHandle, size: number, write: Write): Promise<void> {
  for (let at = 0; at < size; ) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(PIECE, size - at)), 0, undefined, at)
    if (bytesRead === 0) throw new Error('a file became shorter while it was read')
    at += bytesRead
    await write(buffer.subarray(0, bytesRead))
  }
  const rest = size % BLOCK
  if (rest > 0) await write(Buffer.alloc(BLOCK - rest))
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % BLOCK
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(BLOCK - rest)])
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether something lies where an archive is to go. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
