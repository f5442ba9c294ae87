import { digestOf } from '../domain/digest.ts'
import type { Unproven, Want } from './want.ts'

/** Lets whoever wants content judge it while it is whole in memory. Rejects with what the judge says. */
export async function checkBytes(want: Want, bytes: Buffer): Promise<void> {
  await want.check?.(inMemory(bytes))
}

function inMemory(bytes: Buffer): Unproven {
  return {
    size: bytes.length,
    digest: digestOf(bytes),
    bytes,
    read: async (buffer, position) => bytes.copy(buffer, 0, position),
  }
}
