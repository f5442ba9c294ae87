import { digestOf } from '../domain/digest.ts'
import { MOST_CHECKED_UNKEPT, type Unproven, type Want } from './want.ts'

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

/** Collects content that passes by, to have it judged at its end. */
export interface Judging {
  take(bytes: Buffer): void
  /** False once there is more than is held back for a judgement. */
  isOpen(): boolean
  /** Rejects with what the judge says of all that was taken. */
  end(): Promise<void>
}

export function createJudging(judge: (bytes: Buffer) => Promise<void>): Judging {
  let taken: Buffer[] | undefined = []
  let size = 0
  return {
    take: (bytes) => {
      size += bytes.length
      if (size > MOST_CHECKED_UNKEPT) taken = undefined
      // The memory that bytes come in is used again.
      else taken?.push(Buffer.from(bytes))
    },
    isOpen: () => taken !== undefined,
    end: async () => {
      const all = taken
      taken = undefined
      if (all !== undefined) await judge(Buffer.concat(all))
    },
  }
}
