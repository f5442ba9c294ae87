import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Generation } from './command.ts'

/** Where everything about our certificates lies; readable by the user of this process alone. */
export interface AcmeFolder {
  readonly root: string
  /** What lego gets as the root of our web server. */
  readonly webroot: string
  /** One file per challenge that is under way, named by its token. */
  readonly challenges: string
  /** Certificate chain and key in use, in one file, so that both change in one step. */
  readonly pair: string
  readonly state: string
  /** lego's own folder: one for each of its versions and each authority, so that nothing of another one is met. */
  legoPath(generation: Generation, directory: string): string
}

/** The names; makes nothing. */
export function acmeFolderIn(dataFolder: string): AcmeFolder {
  const root = join(dataFolder, 'acme')
  const webroot = join(root, 'webroot')
  return {
    root,
    webroot,
    challenges: join(webroot, '.well-known', 'acme-challenge'),
    pair: join(root, 'pair.pem'),
    state: join(root, 'state.json'),
    legoPath: (generation, directory) => {
      const mark = createHash('sha256').update(directory).digest('hex').slice(0, 8)
      return join(
        root,
        `lego${generation}-${new URL(directory).hostname.replaceAll(/[^a-z0-9.-]/g, '_')}-${mark}`,
      )
    },
  }
}

/** Makes the folders. Throws the error of the file system. */
export function makeAcmeFolder({ root, challenges }: AcmeFolder): void {
  mkdirSync(challenges, { recursive: true, mode: 0o700 })
  chmodSync(root, 0o700)
}
