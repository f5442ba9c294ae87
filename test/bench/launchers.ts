import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cachalot } from './cachalot.ts'
import { dockerRegistry } from './docker-registry.ts'
import { nginx } from './nginx.ts'
import type { Launcher } from './subjects.ts'

export interface Wanted {
  /** Names; empty = all. */
  readonly subjects: readonly string[]
  readonly folder: string
  readonly profileTo: string | undefined
  readonly upstreamUrl: string
  /** Told of each that is left out. */
  note(name: string, why: string): void
}

/** The subjects that are wanted and really start here; every other is named with its reason. */
export async function usableLaunchers(wanted: Wanted): Promise<Launcher[]> {
  const { subjects, profileTo, note } = wanted
  const found: Launcher[] = []
  for (const launcher of [cachalot(profileTo), dockerRegistry(), nginx()]) {
    if (subjects.length > 0 && !subjects.includes(launcher.name)) continue
    const why = launcher.missing() ?? (await startFailure(launcher, wanted))
    if (why === undefined) found.push(launcher)
    else note(launcher.name, `left out, ${why}`)
  }
  // What the trial start did is not what is asked about.
  if (profileTo !== undefined) rmSync(profileTo, { recursive: true, force: true })
  return found
}

async function startFailure(
  launcher: Launcher,
  { upstreamUrl, folder }: Wanted,
): Promise<string | undefined> {
  const own = join(folder, `try-${launcher.name}`)
  mkdirSync(own)
  try {
    const subject = await launcher.start({ upstreamUrl, folder: own })
    await subject.stop()
    return undefined
  } catch (error) {
    return `it does not start: ${error instanceof Error ? error.message : String(error)}`
  }
}
