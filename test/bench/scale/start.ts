import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toSha256 } from '../../../src/db/digests.ts'
import { openToRead } from '../../../src/db/open.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { bigRepository } from '../../support/big-index.ts'
import { type Child, freePort, startChild } from '../child.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')

export interface BigServer extends Child {
  readonly url: string
  /** Of a manifest that is cached. */
  readonly manifest: string
}

/** Cachalot on a data folder of `makeBigIndex`; resolves with its first answered manifest. `folder` takes its log. */
export async function startBigServer(
  root: string,
  { folder, upstreamUrl }: { folder: string; upstreamUrl: string },
): Promise<BigServer> {
  const port = await freePort()
  const config = join(folder, 'config.toml')
  const { upstream, name } = bigRepository(0)
  writeFileSync(
    config,
    `[server]
listen = "127.0.0.1:${port}"

[storage]
path = ${JSON.stringify(root)}
max_size = "0"
min_free = "0"

[log]
level = "warn"

[[upstream]]
name = "${upstream}"
url = "${upstreamUrl}"
default = true
`,
  )
  const url = `http://127.0.0.1:${port}`
  const manifest = `/v2/${name}/manifests/${firstDigest(root)}`
  const args = [MAIN, 'serve', '--config', config]
  const child = await startChild({ command: process.execPath, args, folder, readyUrl: url + manifest })
  return { ...child, url, manifest }
}

/** Of the first image, whose manifest is real. */
function firstDigest(root: string): string {
  const db = openToRead(layoutOf(root).index)
  try {
    const select = db
      .prepare<[], Buffer>("SELECT digest FROM entries WHERE repository = 0 AND ref = 'v0'")
      .pluck()
    const digest = select.get()
    if (digest === undefined) throw new Error('the index has no tag v0')
    return toSha256(digest)
  } finally {
    db.close()
  }
}
