import type { Workload } from '../bench.ts'
import { auth } from './auth.ts'
import { coldBlob } from './cold.ts'
import { eviction } from './eviction.ts'
import { far } from './far.ts'
import { faults } from './faults.ts'
import { files } from './files.ts'
import { herd } from './herd.ts'
import { pullHerd } from './herd-pulls.ts'
import { memory } from './memory.ts'
import { mixed } from './mixed.ts'
import { manifests, smallBlob } from './requests.ts'
import { rtt } from './rtt.ts'
import { scale } from './scale.ts'
import { scrub } from './scrub.ts'
import { skopeo } from './skopeo.ts'
import { tls } from './tls.ts'
import { unreachable } from './unreachable.ts'
import { warmBlob } from './warm.ts'

/** In the order of the table. */
export const WORKLOADS: readonly Workload[] = [
  warmBlob,
  tls,
  manifests,
  smallBlob,
  auth,
  coldBlob,
  herd,
  pullHerd,
  far,
  rtt,
  unreachable,
  faults,
  memory,
  eviction,
  mixed,
  scrub,
  skopeo,
  files,
  scale,
]

/** A million files and many minutes: only when asked for. */
export const ON_DEMAND: readonly Workload[] = [scale]
