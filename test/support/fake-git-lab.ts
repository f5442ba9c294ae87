import { join } from 'node:path'
import { DAY, SECOND } from '../../src/domain/clock.ts'
import { GIB } from '../../src/domain/units.ts'
import { createGitFrontEnd } from '../../src/frontends/git/front-end.ts'
import type { GitSettings } from '../../src/frontends/git/settings.ts'
import { createGit, type Git, type GitEngineSettings } from '../../src/git/git.ts'
import { createSigner } from '../../src/git/signer.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import {
  type FrontEndLab,
  type FrontEndLabOptions,
  type LabEngine,
  startFrontEndLab,
} from './front-end-lab.ts'
import type { Cleanup } from './temp.ts'

export interface GitLabOptions
  extends Pick<
    FrontEndLabOptions<never>,
    'config' | 'clock' | 'dataDir' | 'isOwner' | 'maxSize' | 'resolve'
  > {
  /** Stands for github.com. */
  readonly url: string
  readonly settings?: Partial<GitSettings>
  readonly engine?: Partial<GitEngineSettings>
  readonly wait?: number
  readonly patience?: number
}

export interface GitLab extends FrontEndLab {
  readonly git: Git
}

/** The engine with the front end of git alone in front of it, on loopback. */
export async function startGitLab(t: Cleanup, options: GitLabOptions): Promise<GitLab> {
  const upstream: UpstreamSettings = {
    name: 'git:github.com',
    url: options.url,
    kind: 'files',
    redirectHosts: options.settings?.redirectHosts ?? [],
    allowPrivate: options.resolve === undefined,
    tokenHosts: [],
  }
  let git: Git | undefined
  const lab = await startFrontEndLab(t, {
    ...options,
    upstreams: [upstream],
    frontEnd: (engine) => {
      git = createEngine(engine, options)
      engine.ending(git.close)
      return createGitFrontEnd(depsOf(git, engine, options), settingsOf(upstream, options))
    },
  })
  if (git === undefined) throw new Error('the front end was not made')
  return { ...lab, git }
}

function createEngine(made: LabEngine, options: GitLabOptions): Git {
  const { parts, client, store, clock, log } = made
  const { git: root, trash } = store.layout
  const engine = { git: 'git', maxMirror: GIB, refsWindow: 0, negativeTtl: SECOND, ...options.engine }
  const { isOwner = () => true, patience } = options
  return createGit({
    root,
    trash,
    client,
    isOwner,
    budget: {
      reserve: (bytes) => parts.quota.reserve(bytes),
      settle: (bytes) => parts.quota.settle(bytes),
    },
    settings: () => engine,
    ...(patience === undefined ? {} : { patience }),
    clock,
    log,
  })
}

function depsOf(git: Git, { parts, store, clock, log }: LabEngine, { wait }: GitLabOptions) {
  const signer = createSigner(join(store.layout.git, 'key'))
  return { git, cache: parts.cache, signer, clock, log, ...(wait === undefined ? {} : { wait }) }
}

function settingsOf({ name, url }: UpstreamSettings, { settings }: GitLabOptions): GitSettings {
  return {
    enabled: true,
    hosts: [{ name: 'github.com', url, upstream: name }],
    files: [],
    redirectHosts: [],
    staleIfError: 30 * DAY,
    maxFile: 0,
    ...settings,
  }
}
