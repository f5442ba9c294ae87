import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ClientRow } from '../../../../src/api/contract-activity.ts'
import type { SetupKind, SetupSeen } from '../../../../src/api/contract-setup.ts'
import { ask } from '../../api.ts'

const EVERY_MS = 3000
/** After that, what usually goes wrong is shown. */
const LONG_MS = 60_000

/** What each kind calls itself when it asks. */
const CALLED: Readonly<Record<SetupKind, readonly ClientRow['kind'][]>> = {
  docker: ['docker'],
  'docker-desktop': ['docker'],
  nas: ['docker'],
  containerd: ['containerd'],
  k3s: ['k3s', 'containerd'],
  podman: ['podman', 'buildah'],
  crio: ['cri-o'],
  buildkit: ['buildkit'],
  nerdctl: ['containerd', 'nerdctl'],
  skopeo: ['skopeo'],
  kubernetes: ['containerd', 'k3s', 'cri-o', 'docker'],
  go: ['go'],
  // Python says nothing by which its clients could be told from others.
  huggingface: [],
  github: ['curl'],
  git: ['git'],
}

export interface Kin {
  /** Who of that kind asked for anything since this page was opened, the latest first. */
  readonly lately: readonly ClientRow[]
  readonly before: readonly ClientRow[]
}

export interface Checked {
  /** Who pulled the name that this page made. */
  readonly seen: SetupSeen | undefined
  readonly isLong: boolean
}

/** Waits for the pull of the name that was made for this page. */
export function useCheck(nonce: string): Checked {
  const state = useSignal<Checked>({ seen: undefined, isLong: false })
  useLooks([nonce], async (signal, waited) => {
    if (state.peek().seen !== undefined) return
    const { seen } = await ask('GET /setup/watch', { nonce }, signal)
    state.value = { seen, isLong: waited > LONG_MS }
  })
  return state.value
}

/** Follows clients of this kind, for those who may see all clients. Any of them may be somebody else's. */
export function useKin(kind: SetupKind): Kin {
  const state = useSignal<Kin>({ lately: [], before: [] })
  const first = useRef<ReadonlyMap<string, number> | undefined>(undefined)
  useLooks([kind], async (signal) => {
    const { items } = await ask('GET /clients', {}, signal)
    const rows = items
      .filter((row) => CALLED[kind].includes(row.kind))
      .toSorted((a, b) => b.lastSeen - a.lastSeen)
    first.current ??= new Map(rows.map((row) => [idOf(row), row.requests]))
    const known = first.current
    const isNew = (row: ClientRow): boolean => row.requests > (known.get(idOf(row)) ?? 0)
    state.value = { lately: rows.filter(isNew), before: rows.filter((row) => !isNew(row)) }
  })
  return state.value
}

/** Looks every few seconds, and only while somebody can see the page. `waited`: milliseconds since the first one. */
function useLooks(
  when: readonly unknown[],
  look: (signal: AbortSignal, waited: number) => Promise<void>,
): void {
  useEffect(() => {
    const stopping = new AbortController()
    const begun = performance.now()
    // A look that fails says nothing: the next one may not.
    const quietly = (): void => {
      if (!document.hidden) look(stopping.signal, performance.now() - begun).catch(() => undefined)
    }
    quietly()
    const timer = setInterval(quietly, EVERY_MS)
    document.addEventListener('visibilitychange', quietly)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', quietly)
      stopping.abort()
    }
  }, [...when])
}

function idOf({ client, agent }: ClientRow): string {
  return `${client} ${agent}`
}
