import type { SetupKind } from '../../../../src/api/contract-setup.ts'
import { href, query } from '../../router.ts'
import { w } from '../../words/words.ts'

const KINDS: readonly SetupKind[] = [
  'docker',
  'podman',
  'containerd',
  'k3s',
  'docker-desktop',
  'nas',
  'buildkit',
  'crio',
  'nerdctl',
  'skopeo',
  'kubernetes',
]

/** The kind that the address names. */
export function chosenKind(): SetupKind | undefined {
  return KINDS.find((kind) => kind === query.value.get('kind'))
}

/** A tile for each kind of client; each is a link, so that a page can be sent to somebody. */
export function Kinds({ chosen }: { readonly chosen: SetupKind | undefined }) {
  const { kinds, where } = w().setup
  return (
    <nav aria-label={kinds.label}>
      <ul class="kinds">
        {KINDS.map((kind) => (
          <li key={kind}>
            <a href={addressOf(kind)} {...(kind === chosen ? { 'aria-current': 'true' as const } : {})}>
              <strong>{kinds[kind]}</strong>
              <span>{where[kind]}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** Options stay as they are. */
function addressOf(kind: SetupKind): string {
  const next = new URLSearchParams(query.value)
  next.set('kind', kind)
  return href(`/setup?${next.toString()}`)
}
