import type { Clock } from '../../src/domain/clock.ts'
import { type Cachalot, type ConfigTables, startCachalot } from './cachalot.ts'
import { type FakeGit, startFakeGit } from './fake-git.ts'
import { type FakeGithub, startFakeGithub } from './fake-github.ts'
import { type FakeGo, startFakeGo } from './fake-go.ts'
import { type FakeHf, startFakeHf } from './fake-hf.ts'
import type { Cleanup } from './temp.ts'

/** A cache in front of one upstream of each kind of file. */
export interface FileLab {
  readonly go: FakeGo
  readonly github: FakeGithub
  readonly hf: FakeHf
  readonly git: FakeGit
  /** The server of git as names have it, "127.0.0.1:40001". */
  readonly gitHost: string
  readonly cache: Cachalot
}

export async function startFileLab(
  t: Cleanup,
  options: {
    readonly config?: ConfigTables
    readonly clock?: Clock
    /** Stands for docker.io; by default nobody is there. */
    readonly hub?: { readonly url: string }
  } = {},
): Promise<FileLab> {
  const [go, github, hf, git] = await Promise.all([
    startFakeGo(t),
    startFakeGithub(t),
    startFakeHf(t),
    startFakeGit(t),
  ])
  const { config = {}, hub = { url: 'http://127.0.0.1:9' }, ...rest } = options
  const cache = await startCachalot(t, {
    ...rest,
    hub,
    config: {
      ...config,
      go: { sumdb: [], upstream: [{ url: go.url }], ...config.go },
      github: {
        urls: Object.fromEntries(github.hosts.map(({ name, url }) => [name, url])),
        redirect_hosts: github.hosts.map(({ url }) => new URL(url).host),
        ...config.github,
      },
      huggingface: { url: hf.url, redirect_hosts: [hf.storageHost], ...config.huggingface },
      git: { hosts: [git.url], ...config.git },
    },
  })
  return { go, github, hf, git, gitHost: new URL(git.url).host, cache }
}
