import assert from 'node:assert/strict'
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { tempDir } from '../support/temp.ts'
import { type Ended, type Running, run, start } from './support.ts'

/** A configuration, its data folder, and the upstream it knows as docker.io. */
export interface Lab {
  readonly hub: FakeUpstream
  readonly folder: string
  readonly data: string
  /** Runs a command on this configuration to its end. */
  run(...args: string[]): Promise<Ended>
  /** The same for one that must end with 0, and what it printed. */
  ok(...args: string[]): Promise<string>
  json<T>(...args: string[]): Promise<T>
  start(...args: string[]): Running
  /** A server, once it listens, and its address. */
  serve(): Promise<Running & { readonly url: string }>
  /** Files of finished blobs. */
  blobFiles(): string[]
}

export async function createLab(t: TestContext, storage = ''): Promise<Lab> {
  const hub = await startFakeUpstream()
  t.after(() => hub.close())
  const folder = await tempDir(t)
  const file = join(folder, 'config.toml')
  const lines = [
    '[server]\nlisten = "127.0.0.1:0"',
    `[storage]\npath = "data"\nmin_free = "0"\n${storage}`,
    `[[upstream]]\nname = "docker.io"\nurl = "${hub.url}"\n`,
  ]
  writeFileSync(file, lines.join('\n'))
  const data = join(folder, 'data')
  const runHere = (...args: string[]) => run(t, [...args, '--config', file])
  const ok = async (...args: string[]) => {
    const { code, out, err } = await runHere(...args)
    assert.equal(code, 0, `${args.join(' ')}: ${err}${out}`)
    return out
  }
  const startHere = (...args: string[]) => start(t, [...args, '--config', file])
  return {
    hub,
    folder,
    data,
    run: runHere,
    ok,
    // The caller knows the shape of what it asked for.
    json: async <T>(...args: string[]) => JSON.parse(await ok(...args, '--json')) as T,
    start: startHere,
    serve: async () => {
      const server = startHere('serve')
      const [, url = ''] = await server.seen(/listening on\s+(http:\/\/127\.0\.0\.1:\d+)/)
      return { ...server, url }
    },
    blobFiles: () => globSync('blobs/sha256/*/*', { cwd: data }).map((path) => join(data, path)),
  }
}
