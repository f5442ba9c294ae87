import { createHash } from 'node:crypto'
import type { Aside, OpenAside } from './aside.ts'
import { MOST_CHECKED_IN_MEMORY, type Unproven } from './want.ts'

/** Collects content that passes by, to have it judged before its last byte leaves. */
export interface Judging {
  /** Settles when it has them; never rejects. */
  take(bytes: Buffer): Promise<void>
  /** False once there is more than there is room for: then it is not judged. */
  isOpen(): boolean
  /** Rejects with what the judge says of all that was taken. */
  end(): Promise<void>
  /** Gives everything back, whenever that is. */
  close(): void
}

/** `total`: how much there will be, where that is known. */
export function createJudging(options: {
  readonly judge: (content: Unproven) => Promise<void>
  readonly openAside: OpenAside
  readonly total: number | undefined
}): Judging {
  const hash = createHash('sha256')
  let small: Buffer[] = []
  let aside: Aside | undefined
  let size = 0
  let isOpen = true

  const giveUp = (): void => {
    isOpen = false
    small = []
    aside?.close()
    aside = undefined
  }

  /** From memory to disk, where it goes on from then on. */
  const moveAside = async (): Promise<void> => {
    aside = await options.openAside(options.total)
    // It may have been closed meanwhile.
    if (aside === undefined || !isOpen || !(await aside.append(Buffer.concat(small)))) giveUp()
    small = []
  }

  return {
    take: async (bytes) => {
      if (!isOpen) return
      size += bytes.length
      hash.update(bytes)
      if (aside === undefined) {
        // The memory that bytes come in is used again.
        small.push(Buffer.from(bytes))
        if (size > MOST_CHECKED_IN_MEMORY) await moveAside()
      } else if (!(await aside.append(bytes))) giveUp()
    },
    isOpen: () => isOpen,
    end: async () => {
      if (!isOpen) return
      const digest = `sha256:${hash.digest('hex')}` as const
      const bytes = aside === undefined ? Buffer.concat(small) : undefined
      try {
        if (bytes !== undefined)
          await options.judge({ size, digest, bytes, read: async (to, at) => bytes.copy(to, 0, at) })
        else if (aside !== undefined) await options.judge({ size, digest, read: aside.read })
      } finally {
        giveUp()
      }
    },
    close: giveUp,
  }
}
