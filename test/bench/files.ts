import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/ports.ts'
import type { Size } from './bench.ts'
import { startChild } from './child.ts'

/** Where files come from that are no images, and what is there. */
export interface FilesUpstream {
  readonly hf: string
  readonly hfStorage: string
  readonly go: string
  /** By host name. */
  readonly github: Readonly<Record<string, string>>
  /** Each at v1.0.0. */
  readonly modules: readonly string[]
  readonly modelSize: number
  /** On the hub, on github.com. */
  readonly paths: { readonly hf: string; readonly model: string; readonly github: string }
}

/** Starts them; `folder` receives their log. */
export async function startFilesUpstream(
  folder: string,
  size: Size,
): Promise<FilesUpstream & { stop(): Promise<void> }> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const program = join(import.meta.dirname, 'files-server.ts')
  const args = [program, String(port), size]
  const child = await startChild({ command: process.execPath, args, folder, readyUrl: url })
  const answer = await fetch(url)
  // Our own server, which says nothing else.
  const said = (await answer.json()) as FilesUpstream
  return { ...said, stop: () => child.stop() }
}

/** The part of a configuration that leads to them. */
export function filesConfiguration({ hf, hfStorage, go, github }: FilesUpstream): string {
  const hosts = Object.entries(github)
  return `
[huggingface]
url = "${hf}"
redirect_hosts = ["${hfStorage}"]
allow_private = true

[go]
sumdb = []

[[go.upstream]]
url = "${go}"
allow_private = true

[github]
allow_private = true
redirect_hosts = [${hosts.map(([, url]) => `"${new URL(url).host}"`).join(', ')}]

[github.urls]
${hosts.map(([name, url]) => `"${name}" = "${url}"`).join('\n')}
`
}
