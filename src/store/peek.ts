import { open } from 'node:fs/promises'
import type { Sha256 } from '../domain/digest.ts'
import type { Layout } from './layout.ts'

/** `{`, as JSON documents begin. */
const BRACE = 0x7b

/**
 * The bytes of a small JSON document as they lie on disk, neither checked nor held: for those who only want to tell
 * something about it. Undefined for other content, for what is longer than `most`, and for what cannot be read.
 */
export async function peekJson(
  layout: Layout,
  digest: Sha256,
  most: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const file = await open(layout.blob(digest)).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0)
    if (size > most || buffer[0] !== BRACE) return undefined
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await file.read(bytes, 0, size, 0)
    return bytes.subarray(0, bytesRead)
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
