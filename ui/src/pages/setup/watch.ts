import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ClientRow } from '../../../../src/api/contract-activity.ts'
import type { SetupKind } from '../../../../src/api/contract-setup.ts'
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
}

export interface Watched {
  /** What came since this page was opened. */
  readonly seen: ClientRow | undefined
  /** Others of that kind, the latest first. */
  readonly before: readonly ClientRow[]
  readonly isLong: boolean
}

/** Waits for a client of this kind, and asks only while somebody can see the page. */
export function useWatch(kind: SetupKind, isAllowed: boolean): Watched {
  const state = useSignal<Watched>({ seen: undefined, before: [], isLong: false })
  useEffect(() => {
    if (!isAllowed) return undefined
    const stopping = new AbortController()
    let first: ReadonlyMap<string, number> | undefined
    let begun = 0
    const look = async (): Promise<void> => {
      if (document.hidden || state.peek().seen !== undefined) return
      const { items } = await ask('GET /clients', {}, stopping.signal)
      const rows = items.filter((row) => CALLED[kind].includes(row.kind))
      first ??= new Map(rows.map((row) => [idOf(row), row.requests]))
      begun ||= performance.now()
      const known = first
      const seen = rows.find((row) => row.requests > (known.get(idOf(row)) ?? 0))
      const before = rows.filter((row) => row !== seen).toSorted((a, b) => b.lastSeen - a.lastSeen)
      state.value = { seen, before, isLong: performance.now() - begun > LONG_MS }
    }
    // A look that fails says nothing: the next one may not.
    const quietly = (): void => void look().catch(() => undefined)
    quietly()
    const timer = setInterval(quietly, EVERY_MS)
    document.addEventListener('visibilitychange', quietly)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', quietly)
      stopping.abort()
    }
  }, [kind, isAllowed])
  return state.value
}

function idOf({ client, agent }: ClientRow): string {
  return `${client} ${agent}`
}
