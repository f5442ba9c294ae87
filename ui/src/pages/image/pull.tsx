import { useSignal } from '@preact/signals'
import { hostOfCache } from '../../parts/pull-line.ts'
import { Snippet } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'

const CLIENTS = ['docker', 'podman', 'containerd', 'skopeo', 'k8s'] as const
type Client = (typeof CLIENTS)[number]

interface PullProps {
  readonly name: string
  readonly repository: string
  readonly tags: readonly string[]
  readonly digest: string
}

/** The line that pulls this image through this cache, for each client. */
export function Pull({ name, repository, tags, digest }: PullProps) {
  const words = w().image.pull
  const client = useSignal<Client>('docker')
  const byDigest = useSignal(false)
  const tagged = name.includes('@') ? tags[0] && `${repository}:${tags[0]}` : name
  const shown = byDigest.value || tagged === undefined ? `${repository}@${digest}` : tagged
  const isPlain = session.value?.base.startsWith('http:') === true
  return (
    <section class="pull">
      <div class="spread">
        <h2>{words.title}</h2>
        <span class="row">
          <span class="segments" role="group" aria-label={words.label}>
            {CLIENTS.map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={client.value === one}
                onClick={() => (client.value = one)}
              >
                {one}
              </button>
            ))}
          </span>
          {tagged !== undefined && (
            <span class="segments" role="group" aria-label={words.by}>
              {[false, true].map((isDigest) => (
                <button
                  key={String(isDigest)}
                  type="button"
                  aria-pressed={byDigest.value === isDigest}
                  onClick={() => (byDigest.value = isDigest)}
                >
                  {isDigest ? words.digest : words.tag}
                </button>
              ))}
            </span>
          )}
        </span>
      </div>
      <Snippet text={lineFor(client.value, shown, isPlain)} label={words.command(client.value)} />
      {isPlain && (client.value === 'docker' || client.value === 'k8s') && (
        <small class="quiet">
          {words.plain} <a href={href('/setup')}>{words.setup}</a>
        </small>
      )}
    </section>
  )
}

function lineFor(client: Client, name: string, isPlain: boolean): string {
  const full = `${hostOfCache()}/${name}`
  const file = name.replace(/^.*\//, '').replace(/[@:].*$/, '')
  switch (client) {
    case 'docker':
      return `docker pull ${full}`
    case 'podman':
      return `podman pull ${isPlain ? '--tls-verify=false ' : ''}${full}`
    case 'containerd':
      return `ctr images pull ${isPlain ? '--plain-http ' : ''}${full}`
    case 'skopeo':
      return `skopeo copy ${isPlain ? '--src-tls-verify=false ' : ''}docker://${full} docker-archive:${file}.tar`
    case 'k8s':
      return `image: ${full}`
    default:
      return client satisfies never
  }
}
