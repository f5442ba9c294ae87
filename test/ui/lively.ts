import { type Clock, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { pullImage } from '../jobs/support.ts'
import type { Pair } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import type { Cleanup } from '../support/temp.ts'
import { startConsole } from './console.ts'
import { fillDownloads, startFileSources } from './file-sources.ts'

const KIB = 1024
/** Repositories as many have them, with their tags and a weight: how often they are pulled. */
const WANTED = [
  { repo: 'library/nginx', tags: ['1.27', '1.27-alpine'], weight: 5 },
  { repo: 'library/postgres', tags: ['17', '16'], weight: 3 },
  { repo: 'library/redis', tags: ['7.4-alpine'], weight: 4 },
  { repo: 'library/node', tags: ['24-slim', '22-slim'], weight: 6 },
  { repo: 'library/python', tags: ['3.13-slim'], weight: 2 },
  { repo: 'grafana/grafana', tags: ['12.1.0'], weight: 1 },
  { repo: 'prom/prometheus', tags: ['v3.5.0'], weight: 1 },
] as const
const STEP = 20 * MINUTE
const STEPS = (24 * HOUR) / STEP

interface Pulled {
  readonly repo: string
  readonly tag: string
  readonly image: BuiltImage
}

/** A cache after a day of use, which ends now: a busy afternoon, a quiet night. Nothing in it is left to chance. */
export async function startLively(t: Cleanup, now: Clock): Promise<Pair> {
  let behind = 24 * HOUR
  const clock = (): number => now() - behind
  const sources = await startFileSources(t)
  const lab = await startConsole(t, { ...sources.config, storage: { max_size: '48MiB' } }, { clock })
  await fillDownloads(lab.cache, sources)
  const images = addImages(lab)
  for (let step = 0; step < STEPS; step++) {
    behind -= STEP
    const hour = new Date(clock()).getUTCHours()
    const pulls = 1 + Math.round(3 * Math.sin((Math.PI * ((hour + 18) % 24)) / 24) ** 2)
    for (let n = 0; n < pulls; n++) {
      const one = images[(step * 5 + n * 3) % images.length]
      // In the first hours most is new, later nearly all is here.
      if (one !== undefined && images.indexOf(one) % STEPS <= step) await pullImage(lab.cache, one.image, one)
    }
  }
  return lab
}

/** Each as often as it is wanted, so that counting through them is choosing. */
function addImages({ hub }: Pair): readonly Pulled[] {
  const base = hub.addImage('library/debian', { layers: [3000 * KIB], tags: ['12-slim'] })
  return WANTED.flatMap(({ repo, tags, weight }, i) =>
    tags.flatMap((tag, j) => {
      const own = [(500 + 730 * ((i * 3 + j) % 5)) * KIB, 90 * KIB]
      const image = hub.addImage(repo, { layers: [...base.layers, ...own], tags: [tag] })
      return Array.from({ length: weight }, () => ({ repo, tag, image }))
    }),
  )
}
