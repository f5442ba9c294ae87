import { Icon } from '../../parts/icon.tsx'
import { go } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { Lines } from '../home/lines.tsx'
import { handedKey } from '../setup/handed.ts'

interface KeyOnceProps {
  readonly secret: string
  readonly onDone: () => void
}

/** A new pull key, with the lines that use it. It is in no other place than this one. */
export function KeyOnce({ secret, onDone }: KeyOnceProps) {
  const words = w().settings.keys
  const base = session.value?.base ?? window.location.origin
  const host = base.replace(/^https?:\/\//, '')
  // dockerd asks without the path first, and gives up where that takes a login.
  const program = session.value?.mayPull === true ? 'docker' : 'podman'
  return (
    <div class="once stack" role="status">
      <p class="row">
        <Icon name="key" /> <strong>{words.once}</strong>
      </p>
      <Lines
        lines={[
          { label: words.secret, text: secret },
          { label: words.address, text: `${base}/k/${secret}` },
          { label: words.pull, text: `${program} pull ${host}/k/${secret}/library/alpine:3` },
        ]}
      />
      <p class="row">
        <button
          type="button"
          onClick={() => {
            handedKey.value = secret
            go('/setup')
          }}
        >
          {words.setUp}
        </button>
        <button type="button" onClick={onDone}>
          {w().settings.done}
        </button>
      </p>
    </div>
  )
}
