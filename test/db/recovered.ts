import type { Recovered } from '../../src/db/connection.ts'
import type { Index } from '../../src/db/index.ts'

/** What had to be put back when the index was opened; undefined when nothing had. */
export async function recoveredOf(index: Index): Promise<Recovered | undefined> {
  let recovered: Recovered | undefined
  await index.onRecovered((said) => {
    recovered = said
  })
  return recovered
}
