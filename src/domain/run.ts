/** Bytes lent to a reader. They stay valid until `release` is called, exactly once; after it they may have no length. */
export interface Piece {
  readonly bytes: Buffer
  release(): void
}

/**
 * One ordered run of bytes for one reader, pulled at the reader's own pace. `pull` gives the next piece, or
 * undefined at the end, and throws when the bytes cannot be had; there is at most one pull at a time. `most` is a
 * wish: a reader that is slow to take its bytes asks for small pieces, so that it holds little.
 */
export interface Run {
  pull(most?: number): Promise<Piece | undefined>
  /** Frees everything; safe at any moment and more than once. */
  close(): void
}

/** One piece that is in memory, and the end. */
export function constantRun(bytes: Buffer): Run {
  let left: Piece | undefined = { bytes, release: () => undefined }
  return {
    pull: async () => {
      const piece = left
      left = undefined
      return piece
    },
    close: () => undefined,
  }
}
