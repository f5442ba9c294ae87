/**
 * Does the work for each item, `atOnce` at a time, begun in their order. After the first error no more begin, and the
 * others are told by the signal they are given; it is rejected with when all that began have ended.
 */
export async function sideBySide<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = Iterator.from(items)
  const ending = new AbortController()
  const worker = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        const next = queue.next()
        if (next.done === true) return
        await work(next.value, ending.signal)
      } catch (error) {
        ending.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  ending.signal.throwIfAborted()
}
