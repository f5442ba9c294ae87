/** The upstreams of a configuration that names none, in the shape of the file. */
export const SHIPPED_UPSTREAMS = [
  {
    name: 'docker.io',
    url: 'https://registry-1.docker.io',
    aliases: ['index.docker.io', 'registry-1.docker.io', 'hub'],
    default: true,
  },
  { name: 'ghcr.io', url: 'https://ghcr.io', aliases: ['ghcr'] },
  { name: 'quay.io', url: 'https://quay.io', aliases: ['quay'] },
  { name: 'gcr.io', url: 'https://gcr.io', aliases: ['gcr'] },
  { name: 'registry.k8s.io', url: 'https://registry.k8s.io', aliases: ['k8s'] },
  { name: 'mcr.microsoft.com', url: 'https://mcr.microsoft.com', aliases: ['mcr'] },
  { name: 'public.ecr.aws', url: 'https://public.ecr.aws', aliases: ['ecr'] },
  { name: 'nvcr.io', url: 'https://nvcr.io', aliases: ['nvcr'] },
  { name: 'docker.elastic.co', url: 'https://docker.elastic.co', aliases: ['elastic'] },
]

/** The same of Go modules. */
export const SHIPPED_GO_UPSTREAMS = [{ url: 'https://proxy.golang.org' }]
