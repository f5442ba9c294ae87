import { KIB, MIB } from '../../src/domain/units.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import {
  createImage,
  createIndex,
  createLayer,
  FOREIGN,
  findBusybox,
  type Image,
  type ImageIndex,
} from './images.ts'

/** By repository and tag as the upstream knows them. */
export interface Images {
  readonly 'library/hello:1': Image
  readonly 'busybox-test/hello:1': Image
  readonly 'org/app:1': Image
  readonly 'org/multi:1': ImageIndex
  readonly 'org/many:1': Image
  readonly 'org/zstd:1': Image
}

export const GREETING = 'hello from the cache'

/** Forty layers are as many as real images have at most. */
const MANY = 40

/** One image of every kind that clients treat differently. */
export function createImages(): Images {
  const base = { 'bin/busybox': findBusybox() ?? Buffer.from('no busybox on this machine') }
  const command = ['/bin/busybox', 'cat', '/greeting']
  const greeting = { greeting: Buffer.from(`${GREETING}\n`) }
  const oci = createLayer(base)
  const docker = [
    createLayer(base, { format: 'docker' }),
    createLayer(greeting, { format: 'docker' }),
    createLayer({ 'data/noise': randomBytesFrom(1, 8 * MIB) }, { format: 'docker' }),
  ]
  const foreign = createLayer({ 'bin/other': randomBytesFrom(2, 64 * KIB) })
  const small = Array.from({ length: MANY - 1 }, (_, i) => ({ [`layers/${i}`]: randomBytesFrom(i + 3, KIB) }))
  return {
    'library/hello:1': createImage([oci, createLayer(greeting)], { command }),
    'busybox-test/hello:1': createImage(docker.slice(0, 2), { format: 'docker', command }),
    'org/app:1': createImage(docker, { format: 'docker', command }),
    'org/multi:1': createIndex([
      createImage([oci, createLayer(greeting)], { command }),
      createImage([foreign], { platform: FOREIGN }),
    ]),
    'org/many:1': createImage([oci, ...small.map((files) => createLayer(files))]),
    'org/zstd:1': createImage([createLayer({ ...base, ...greeting }, { compression: 'zstd' })], {
      command,
    }),
  }
}
