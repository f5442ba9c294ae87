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
  'go',
  'huggingface',
  'github',
  'git',
]

const OF_FILES: ReadonlySet<SetupKind> = new Set(['go', 'huggingface', 'github', 'git'])

/** Whether it fetches anything but images. */
export function isOfFiles(kind: SetupKind): boolean {
  return OF_FILES.has(kind)
}

/** The kind that the address names. */
export function chosenKind(): SetupKind | undefined {
  return KINDS.find((kind) => kind === query.value.get('kind'))
}

/** A tile for each kind of client; each is a link, so that a page can be sent to somebody. */
export function Kinds({ chosen }: { readonly chosen: SetupKind | undefined }) {
  const { setup, common } = w()
  const groups = [
    { title: common.nav.images, kinds: KINDS.filter((kind) => !isOfFiles(kind)) },
    { title: common.nav.files, kinds: KINDS.filter(isOfFiles) },
  ]
  return (
    <nav class="stack" aria-label={setup.kinds.label}>
      {groups.map(({ title, kinds }) => (
        <div key={title} class="kinds-group">
          <h2>{title}</h2>
          <ul class="kinds">
            {kinds.map((kind) => (
              <li key={kind}>
                <a href={addressOf(kind)} {...(kind === chosen ? { 'aria-current': 'true' as const } : {})}>
                  <strong>{setup.kinds[kind]}</strong>
                  <span>{setup.where[kind]}</span>
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

/** Options stay as they are. */
function addressOf(kind: SetupKind): string {
  const next = new URLSearchParams(query.value)
  next.set('kind', kind)
  return href(`/setup?${next.toString()}`)
}
