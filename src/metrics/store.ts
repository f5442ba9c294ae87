import type { Registry } from 'prom-client'
import { addCounter, addGauge } from './instruments.ts'
import type { MetricsSources, StoreState } from './sources.ts'

/** One number of the store under a name of its own. */
const NUMBERS: readonly {
  readonly name: string
  readonly help: string
  readonly of: (state: StoreState) => number
}[] = [
  {
    name: 'cachalot_disk_used_bytes',
    help: 'Bytes on disk of content, parts, trash, quarantine and mirrors.',
    of: ({ used }) => used,
  },
  {
    name: 'cachalot_disk_reserved_bytes',
    help: 'Bytes that were promised to downloads.',
    of: ({ reserved }) => reserved,
  },
  {
    name: 'cachalot_disk_limit_bytes',
    help: 'storage.max_size; 0 where there is none.',
    of: ({ maxSize }) => maxSize,
  },
  {
    name: 'cachalot_volume_free_bytes',
    help: 'Bytes that are free on the volume of the data folder.',
    of: ({ volumeFree }) => volumeFree,
  },
  {
    name: 'cachalot_parts_bytes',
    help: 'Bytes of downloads that are not complete.',
    of: ({ parts }) => parts,
  },
  { name: 'cachalot_index_bytes', help: 'Bytes of the index.', of: ({ index }) => index },
  { name: 'cachalot_blobs', help: 'Blobs on disk.', of: ({ blobs }) => blobs },
  { name: 'cachalot_pinned_blobs', help: 'Blobs on disk that are pinned.', of: ({ pinned }) => pinned },
]

/** What lies on disk. */
export function addStoreMetrics(registry: Registry, sources: MetricsSources): void {
  const look = sharedWithinOneAnswer(() => sources.store())
  for (const { name, help, of } of NUMBERS)
    addGauge(registry, { name, help }, async () => [[{}, of(await look())]])
  const labels = ['upstream'] as const
  addGauge(
    registry,
    {
      name: 'cachalot_store_bytes',
      help: 'Bytes on disk that have a name at an upstream; shared content counts for each.',
      labels,
    },
    async () => (await look()).upstreams.map(({ upstream, bytes }) => [{ upstream }, bytes]),
  )
  addGauge(
    registry,
    {
      name: 'cachalot_store_limit_bytes',
      help: 'Budget of an upstream; 0 where it has none of its own.',
      labels,
    },
    async () => (await look()).upstreams.map(({ upstream, budget }) => [{ upstream }, budget]),
  )
}

/** What left the disk. */
export function addDepartureMetrics(registry: Registry, sources: MetricsSources): void {
  const labels = ['reason'] as const
  addCounter(
    registry,
    {
      name: 'cachalot_evicted_objects_total',
      help: 'Blobs and mirrors that left the disk, by the reason.',
      labels,
    },
    () => sources.departures().map(({ reason, objects }) => [{ reason }, objects]),
  )
  addCounter(
    registry,
    {
      name: 'cachalot_evicted_bytes_total',
      help: 'Bytes that were freed on disk, by the reason.',
      labels,
    },
    () => sources.departures().map(({ reason, bytes }) => [{ reason }, bytes]),
  )
}

/** All metrics of one answer are read from one look, as all of them are collected in the same turn. */
function sharedWithinOneAnswer<T>(look: () => Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined
  const forget = (): void => {
    shared = undefined
  }
  return () => {
    if (shared !== undefined) return shared
    const started = look()
    shared = started
    started.then(forget, forget)
    return started
  }
}
