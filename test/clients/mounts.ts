import { readFile } from 'node:fs/promises'
import { run } from './process.ts'

/** Unmounts whatever a client left mounted below this folder; does nothing where there are no mounts to see. */
export async function releaseMounts(dir: string): Promise<void> {
  if (process.platform !== 'linux') return
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  const points = table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${dir}/`))
  // Inner mounts come after the outer ones they stand on.
  for (const point of points.toReversed()) await run('umount', ['-l', point])
}
