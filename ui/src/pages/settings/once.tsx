import type { ComponentChildren } from 'preact'
import { Icon } from '../../parts/icon.tsx'
import { Lines } from '../../parts/lines.tsx'
import { w } from '../../words/words.ts'

interface OnceProps {
  readonly title: string
  readonly lines: readonly { readonly label: string; readonly text: string }[]
  readonly onDone: () => void
  /** What else can be done with it. */
  readonly children?: ComponentChildren
}

/** A secret that was made just now, with the lines that use it. It is in no other place than this one. */
export function Once({ title, lines, onDone, children }: OnceProps) {
  return (
    <div class="once stack" role="status">
      <p class="row">
        <Icon name="key" /> <strong>{title}</strong>
      </p>
      <Lines lines={lines} />
      <p class="row">
        {children}
        <button type="button" onClick={onDone}>
          {w().settings.done}
        </button>
      </p>
    </div>
  )
}
