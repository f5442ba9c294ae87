/** Holds everybody who asks while it is shut. */
export interface Gate {
  /** A wait until it opens; undefined while it is open. */
  frozen(): Promise<void> | undefined
  shut(): void
  open(): void
}

export function createGate(): Gate {
  let waiting: { promise: Promise<void>; resolve: () => void } | undefined
  return {
    frozen: () => waiting?.promise,
    shut() {
      waiting ??= Promise.withResolvers<void>()
    },
    open() {
      waiting?.resolve()
      waiting = undefined
    },
  }
}
