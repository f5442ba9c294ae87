import { Counter, Gauge, type Registry } from 'prom-client'

export interface Instrument<L extends string> {
  readonly name: string
  readonly help: string
  readonly labels?: readonly L[]
}

/** One value of a metric, with its labels. */
export type Sample<L extends string> = readonly [labels: Readonly<Record<L, string>>, value: number]

/** Reads all values of a metric, at the moment it is asked for. */
export type Reading<L extends string> = () => readonly Sample<L>[] | Promise<readonly Sample<L>[]>

/** A metric that goes up and down. */
export function addGauge<L extends string = never>(
  registry: Registry,
  instrument: Instrument<L>,
  read: Reading<L>,
): void {
  const gauge: Gauge<L> = new Gauge<L>(
    configurationOf(instrument, async () => {
      const samples = await read()
      gauge.reset()
      for (const [labels, value] of samples) gauge.set(labels, value)
    }),
  )
  registry.registerMetric(gauge)
}

/** A metric that is counted elsewhere and begins at nothing with the process. */
export function addCounter<L extends string>(
  registry: Registry,
  instrument: Instrument<L>,
  read: Reading<L>,
): void {
  const counter: Counter<L> = new Counter<L>(
    configurationOf(instrument, async () => {
      const samples = await read()
      counter.reset()
      for (const [labels, value] of samples) counter.inc(labels, value)
    }),
  )
  registry.registerMetric(counter)
}

function configurationOf<L extends string>(
  { name, help, labels = [] }: Instrument<L>,
  collect: () => Promise<void>,
) {
  return { name, help, labelNames: [...labels], registers: [], collect }
}
