import { randomFillSync } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MIB } from '../../domain/units.ts'
import { said, timed } from '../../probe/finding.ts'
import { type Check, here } from './check.ts'

const PIECES = 64
/** A disk that is slower than this is slower than most lines to the internet. */
const SLOW = 20

/** Writes 64 MiB, waits until they are on the disk, reads them back. */
export async function checkSpeed(folder: string, free: number): Promise<Check> {
  const name = 'disk speed'
  if (free < 4 * PIECES * MIB)
    return here({ name, state: 'ok', detail: 'not measured, there is too little room' })
  try {
    const { write, read } = await measure(join(folder, `.doctor-${process.pid}`))
    const detail = `writes ${write} MiB/s, reads ${read} MiB/s (perhaps from memory)`
    if (write >= SLOW) return here({ name, state: 'ok', detail })
    return here({ name, state: 'warn', detail, advice: 'downloads wait for this disk: choose a faster one' })
  } catch (error) {
    const advice = 'check the disk and its quota'
    return here({ name, state: 'fail', detail: `64 MiB cannot be written: ${said(error)}`, advice })
  }
}

/** The file has no name from the start, so it cannot be left behind, and nobody's accounts see it. */
async function measure(path: string): Promise<{ write: number; read: number }> {
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    const piece = randomFillSync(Buffer.alloc(MIB))
    const written = await timed(() => writeAll(file, piece))
    const back = await timed(() => readAll(file, piece))
    return { write: rate(written.ms), read: rate(back.ms) }
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < PIECES; at++) await file.write(piece, 0, MIB, at * MIB)
  await file.sync()
}

async function readAll(file: FileHandle, piece: Buffer): Promise<void> {
  for (let at = 0; at < PIECES; at++) await file.read(piece, 0, MIB, at * MIB)
}

function rate(ms: number): number {
  return Math.round((PIECES * 1000) / Math.max(1, ms))
}
