import { constants, type Stats, type StatsFs } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type { StorageConfig } from '../../config/config.ts'
import { formatBytes } from '../../domain/units.ts'
import { said } from '../../probe/finding.ts'
import { formatCount } from '../cells.ts'
import { type Check, here } from './check.ts'
import { checkSpeed } from './speed.ts'

const FEW_INODES = 10_000

/** Whether the data folder can be used, and how well. */
export async function checkFolder({ path, minFree, maxSize }: StorageConfig): Promise<Check[]> {
  const found = await stat(path).catch((error: unknown) => said(error))
  if (typeof found === 'string') return [missing(path, found)]
  const name = 'data folder'
  if (!found.isDirectory())
    return [here({ name, state: 'fail', detail: `${path} is no folder`, advice: 'change storage.path' })]
  const writable = await mayWrite(path)
  const volume = await statfs(path)
  return [
    judgeAccess(path, found, writable),
    checkSpace(volume, { minFree, maxSize }),
    ...checkInodes(volume),
    ...(writable ? [await checkSpeed(path, free(volume))] : []),
  ]
}

function missing(path: string, why: string): Check {
  const detail = why.includes('ENOENT') ? `${path} does not exist yet` : `${path}: ${why}`
  const state = why.includes('ENOENT') ? 'warn' : 'fail'
  return here({ name: 'data folder', state, detail, advice: 'the server makes it; see storage.path' })
}

async function mayWrite(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function judgeAccess(path: string, { uid }: Stats, writable: boolean): Check {
  const name = 'data folder'
  const me = userInfo()
  const detail = `${path}, owned by ${uid === me.uid ? me.username : `user ${uid}`}`
  if (!writable)
    return here({
      name,
      state: 'fail',
      detail: `${detail}, not writable by ${me.username}`,
      advice: 'run this and the server as its owner, or change its owner',
    })
  if (uid === me.uid) return here({ name, state: 'ok', detail })
  const advice = `run commands as its owner, or the server may not write what ${me.username} made`
  return here({ name, state: 'warn', detail: `${detail}, you are ${me.username}`, advice })
}

function free({ bavail, bsize }: StatsFs): number {
  return bavail * bsize
}

function checkSpace(
  volume: StatsFs,
  { minFree, maxSize }: Pick<StorageConfig, 'minFree' | 'maxSize'>,
): Check {
  const name = 'free space'
  const left = free(volume)
  const size = volume.blocks * volume.bsize
  const detail = `${formatBytes(left)} of ${formatBytes(size)} are free`
  if (left < minFree) {
    const advice = `nothing new is stored below min_free (${formatBytes(minFree)}): free some, or cachalot gc`
    return here({ name, state: 'fail', detail, advice })
  }
  if (maxSize > size) {
    const advice = `max_size (${formatBytes(maxSize)}) is more than the volume: min_free will decide`
    return here({ name, state: 'warn', detail, advice })
  }
  return here({ name, state: 'ok', detail })
}

/** Some file systems have no fixed number of them and say 0. */
function checkInodes({ files, ffree }: StatsFs): Check[] {
  if (files === 0) return []
  const detail = `${formatCount(ffree)} of ${formatCount(files)} are free`
  if (ffree >= FEW_INODES) return [here({ name: 'inodes', state: 'ok', detail })]
  const advice = 'every blob is a file: this volume takes few more'
  return [here({ name: 'inodes', state: ffree === 0 ? 'fail' : 'warn', detail, advice })]
}
