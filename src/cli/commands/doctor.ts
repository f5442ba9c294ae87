import { VERSION } from '../../domain/version.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import type { Check } from '../doctor/check.ts'
import { checkClock } from '../doctor/clock.ts'
import { checkFolder } from '../doctor/folder.ts'
import { checkGit } from '../doctor/git.ts'
import { checkServer } from '../doctor/server.ts'
import { checkUpstream } from '../doctor/upstream.ts'
import { EXIT } from '../exit.ts'
import { doctorBlocks } from '../views/doctor.ts'

/** `doctor`: looks at everything a pull depends on. */
export const doctor: Command = {
  name: 'doctor',
  group: 'keep in order',
  summary: 'check configuration, disk, git, server, clock and every registry',
  flags: { json: true },
  about: [
    'Asks every registry, step by step: name, connection, encryption, registry, token. Writes 64 MiB to the data',
    'folder and reads them back. Exit 1 when something of this machine fails, 6 when only upstreams do.',
    'The report holds no passwords.',
  ],
  examples: ['doctor', 'doctor --json'],
  run: async (context) => {
    const checks = await examine(context)
    const system = `cachalot ${VERSION} · node ${process.versions.node} · ${process.platform} ${process.arch}`
    if (context.flags.on('json')) context.json({ system, checks })
    else context.print(doctorBlocks(checks, system))
    return codeOf(checks)
  },
}

async function examine(context: Context): Promise<Check[]> {
  const loaded = requireConfig(context)
  const { upstreams, storage, git } = loaded.config
  context.note(`asking ${counted(upstreams.length, 'upstream')}, measuring the disk …`)
  const asked = await Promise.all(upstreams.map((upstream) => checkUpstream(upstream, context.world.clock)))
  const clocks = asked.flatMap(({ clocks: one }) => one ?? [])
  // After the upstreams, whose timings the disk would disturb.
  const folder = await checkFolder(storage)
  return [
    ...(await checkServer(loaded)),
    ...folder,
    ...(await checkGit(git)),
    checkClock(clocks),
    ...asked.flatMap(({ checks }) => checks),
  ]
}

function codeOf(checks: readonly Check[]): number {
  const failed = checks.filter(({ state }) => state === 'fail')
  if (failed.length === 0) return EXIT.ok
  return failed.some(({ area }) => area === 'here') ? EXIT.failed : EXIT.upstream
}
