import { MIB } from '../../../src/domain/units.ts'
import type { Bench } from '../bench.ts'
import type { Load } from './gc.ts'
import type { BigServer } from './start.ts'

const CLIENTS = 64
/** Bytes a second of each: a load that the machine carries easily, so that only the work beside it is felt. */
const RATE = MIB
const SECONDS = 1

/** 64 clients that read a warm blob, each a steady stream, until the load is stopped. */
export function startStreams(bench: Bench, { url }: BigServer, path: string): Load {
  let going = true
  let failed = 0
  const reading = (async () => {
    while (going) {
      const job = { url, paths: [path], connections: CLIENTS, repeats: 1000, rate: RATE, seconds: SECONDS }
      await bench.sink.run(job).catch(() => failed++)
    }
  })()
  return {
    stop: async () => {
      going = false
      await reading
      return failed
    },
  }
}
