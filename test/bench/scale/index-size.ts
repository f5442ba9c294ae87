import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { layoutOf } from '../../../src/store/layout.ts'

/** Bytes of the index of a data folder, without its log. */
export function indexBytes(root: string): number {
  return sizeOf(layoutOf(root).index)
}

/** Looks at the log of the index until it is stopped, which gives the most bytes that it had. */
export function watchLog(root: string): { stop(): Promise<number> } {
  const file = `${layoutOf(root).index}-wal`
  let most = 0
  let going = true
  const watching = (async () => {
    while (going) {
      most = Math.max(most, sizeOf(file))
      await sleep(100)
    }
  })()
  return {
    stop: async () => {
      going = false
      await watching
      return most
    },
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
