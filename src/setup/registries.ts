import { CHECK_REPOSITORY } from '../domain/client-check.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import type { Plan } from './plan.ts'

/** Where a registry itself is reached: clients go there when the cache fails. */
export function originOf(registry: string): string {
  return `https://${registry === DOCKER_HUB ? 'registry-1.docker.io' : registry}`
}

/** Images of a few kilobytes to try with. */
const SMALL: Readonly<Record<string, string>> = {
  'docker.io': 'docker.io/library/hello-world:latest',
  'mcr.microsoft.com': 'mcr.microsoft.com/hello-world:latest',
  'public.ecr.aws': 'public.ecr.aws/docker/library/hello-world:latest',
  'registry.k8s.io': 'registry.k8s.io/pause:3.10',
  'quay.io': 'quay.io/podman/hello:latest',
  'gcr.io': 'gcr.io/distroless/static:latest',
  'ghcr.io': 'ghcr.io/containerd/busybox:1.36',
}

/**
 * Something small to pull from one of these registries; of those we know nothing about, a name to fill in.
 * Where a check has a nonce, the name that is made for it.
 */
export function smallImage({ registries, nonce }: Pick<Plan, 'registries' | 'nonce'>): string {
  if (nonce !== undefined) return `${registries[0] ?? DOCKER_HUB}/${CHECK_REPOSITORY}:${nonce}`
  const known = registries.find((registry) => SMALL[registry] !== undefined) ?? ''
  return SMALL[known] ?? `${registries[0] ?? DOCKER_HUB}/OWNER/NAME:TAG`
}
