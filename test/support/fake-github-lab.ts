import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { createGithubFrontEnd } from '../../src/frontends/github/front-end.ts'
import type { GithubSettings } from '../../src/frontends/github/settings.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { type FakeGithub, startFakeGithub } from './fake-github.ts'
import { type FrontEndLab, type FrontEndLabOptions, startFrontEndLab } from './front-end-lab.ts'
import type { Cleanup } from './temp.ts'

export interface GithubLabOptions extends Pick<FrontEndLabOptions<never>, 'config' | 'clock'> {
  readonly settings?: Partial<GithubSettings>
  readonly upstream?: Partial<UpstreamSettings>
}

export interface GithubLab extends FrontEndLab {
  readonly github: FakeGithub
}

/** The engine with files of GitHub alone in front of it, on loopback, and a GitHub behind it. */
export async function startGithubLab(t: Cleanup, options: GithubLabOptions = {}): Promise<GithubLab> {
  const github = await startFakeGithub(t)
  const lab = await startFrontEndLab(t, {
    ...options,
    upstreams: github.upstreams(options.upstream),
    frontEnd: ({ parts, client, clock }) =>
      createGithubFrontEnd(
        { cache: parts.cache, clock, quotaOf: client.rateLimit },
        { ...SETTINGS, hosts: github.hosts, ...options.settings },
      ),
  })
  return { ...lab, github }
}

const SETTINGS: GithubSettings = {
  enabled: true,
  rewriteScripts: false,
  tokenFor: [],
  refTtl: 5 * MINUTE,
  tagTtl: 24 * HOUR,
  staleIfError: 30 * DAY,
  maxFile: 0,
  hosts: [],
}
