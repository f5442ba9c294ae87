import { VERSION } from '../../domain/version.ts'
import type { Command } from '../command.ts'

/** `version`: of this program. */
export const version: Command = {
  name: 'version',
  group: 'run the cache',
  summary: 'the version of this program',
  flags: { json: true },
  run: (context) => {
    if (context.flags.on('json')) context.json({ cachalot: VERSION, node: process.versions.node })
    else context.write(`${VERSION}\n`)
  },
}
