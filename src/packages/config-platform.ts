import type { Cache } from '../cache/cache.ts'
import type { Want } from '../cache/want.ts'
import { MIB } from '../domain/units.ts'
import { readConfigFacts } from '../frontends/oci/config-facts.ts'

const LONGEST = 4 * MIB

/** The platform that the config of an image names; undefined where it names none. Throws as a pull of it would. */
export async function configPlatform(cache: Cache, want: Want): Promise<string | undefined> {
  const content = await cache.open(want)
  try {
    if ((content.size ?? LONGEST) > LONGEST) return undefined
    const pieces: Buffer[] = []
    const { run } = await content.read(undefined)
    try {
      for (let piece = await run.pull(); piece !== undefined; piece = await run.pull()) {
        pieces.push(Buffer.from(piece.bytes))
        piece.release()
      }
    } finally {
      run.close()
    }
    return readConfigFacts(Buffer.concat(pieces))?.platform
  } finally {
    content.close()
  }
}
