/**
 * Process: `npm run soak`. Everything that happens to a cache in a year, at once: cold, warm, ranged, slow and aborted
 * pulls, upstreams that fail in every way, clean-ups, checks and restarts, within a tiny budget. Ends with 1 where a byte
 * was wrong, the budget was exceeded, or something was not given back. `--help` lists the options.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MIB } from '../../src/domain/units.ts'
import { type SoakReport, soak } from './soak.ts'

const HELP = `npm run soak -- [options]
  --minutes N    how long (default 30)
  --restarts N   minutes of these with restarts (default half of them); memory is looked at in the rest
  --budget N     MiB that the cache may keep (default 48)
  --heap N       MiB of heap that the server may have (default 128)
  --clients N    clients at the same time (default 12)
  --seed N       to see the same again`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    restarts: { type: 'string' },
    budget: { type: 'string', default: '48' },
    heap: { type: 'string', default: '128' },
    clients: { type: 'string', default: '12' },
    seed: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) console.log(HELP)
else await main()

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cachalot-soak-'))
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const length = Number(values.minutes) * 60_000
  const phase = Math.min(60_000, length / 4)
  console.log(`seed ${seed}`)
  try {
    const report = await soak({
      length,
      restless: values.restarts === undefined ? length / 2 : Number(values.restarts) * 60_000,
      phase,
      budget: Number(values.budget) * MIB,
      heap: Number(values.heap),
      clients: Number(values.clients),
      seed,
      folder,
      say: (text) => console.log(text),
    })
    console.log(describe(report, phase))
  } catch (error) {
    console.error(error)
    console.error(`seed ${seed}`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function describe({ tally, quiet, ...sums }: SoakReport, phase: number): string {
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
  const { whole, ranges, heads, left, slow, unproven, refused, cut, bytes } = tally
  const curve = (key: 'resident' | 'heap'): string => {
    const values = quiet.map((one) => one[key] / MIB)
    // A young process grows until everything in it has run.
    const grown = (slopeOf(values.slice(values.length / 4)) * 10 * 60_000) / phase
    return `${values.map(Math.round).join(' ')} (${grown.toFixed(2)} MiB in 10 minutes)`
  }
  return `
${sums.seconds} s, ${sums.restarts} restarts, ${sums.kills} kills, ${sums.deeds} deeds of an operator, ${sums.struck} faults
${whole} whole, ${slow} slow, ${ranges} ranges, ${heads} heads, ${left} left early: ${mib(bytes)}, all of it right
${refused} refused, ${cut} cut, ${unproven} ranges with the upstream's own wrong byte while something was wrong
most on disk ${mib(sums.disk)}, most resident ${mib(sums.resident)}
resident at quiet moments, MiB: ${curve('resident')}
heap and buffers, MiB: ${curve('heap')}
descriptors: ${quiet.map(({ descriptors }) => descriptors).join(' ')}`
}

/** How much they grow from one to the next, by least squares. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const sum = (of: (value: number, at: number) => number): number =>
    values.reduce((all, value, at) => all + of(value, at), 0)
  return sum((value, at) => (at - middle) * value) / sum((_, at) => (at - middle) ** 2)
}
