import { go } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { handedKey } from '../setup/handed.ts'
import { Once } from './once.tsx'

interface KeyOnceProps {
  readonly secret: string
  readonly onDone: () => void
}

/** A new pull key, and a way to set up a client with it. */
export function KeyOnce({ secret, onDone }: KeyOnceProps) {
  const words = w().settings.keys
  const base = session.value?.base ?? window.location.origin
  const host = base.replace(/^https?:\/\//, '')
  // dockerd asks without the path first, and gives up where that takes a login.
  const program = session.value?.mayPull === true ? 'docker' : 'podman'
  return (
    <Once
      title={words.once}
      lines={[
        { label: words.secret, text: secret },
        { label: words.address, text: `${base}/k/${secret}` },
        { label: words.pull, text: `${program} pull ${host}/k/${secret}/library/alpine:3` },
      ]}
      onDone={onDone}
    >
      <button
        type="button"
        onClick={() => {
          handedKey.value = secret
          go('/setup')
        }}
      >
        {words.setUp}
      </button>
    </Once>
  )
}
