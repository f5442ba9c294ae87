import { buildkit } from './kinds/buildkit.ts'
import type { Client } from './kinds/client.ts'
import { containerd, nerdctl } from './kinds/containerd.ts'
import { docker, dockerDesktop, nas } from './kinds/docker.ts'
import { git } from './kinds/git.ts'
import { github } from './kinds/github.ts'
import { go } from './kinds/go.ts'
import { huggingface } from './kinds/huggingface.ts'
import { k3s } from './kinds/k3s.ts'
import { kubernetes } from './kinds/kubernetes.ts'
import { crio, podman, skopeo } from './kinds/podman.ts'
import type { Plan } from './plan.ts'
import type { Setup, SetupKind } from './setup.ts'
import { en } from './words/en.ts'
import { zh } from './words/zh.ts'

const CLIENTS: Readonly<Record<SetupKind, Client>> = {
  docker,
  'docker-desktop': dockerDesktop,
  nas,
  containerd,
  k3s,
  podman,
  crio,
  buildkit,
  nerdctl,
  skopeo,
  kubernetes,
  go,
  huggingface,
  github,
  git,
}

/** All that somebody has to know to let one kind of client pull through the cache. */
export function renderSetup(plan: Plan): Setup {
  const { kind, language, nonce } = plan
  const words = language === 'zh' ? zh : en
  const setup = { kind, ...CLIENTS[kind]({ ...plan, nonce: undefined }, words) }
  return nonce === undefined ? setup : { ...setup, check: CLIENTS[kind](plan, words).test }
}
