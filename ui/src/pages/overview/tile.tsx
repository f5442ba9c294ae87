import type { ComponentChildren } from 'preact'
import { Icon } from '../../parts/icon.tsx'
import { href } from '../../router.ts'

/** A card whose title leads to the list behind it. */
export function Tile({ title, to, children }: { title: string; to: string; children: ComponentChildren }) {
  return (
    <section class="card tile">
      <h2>
        <a href={href(to)}>
          {title}
          <Icon name="chevron" size={14} />
        </a>
      </h2>
      {children}
    </section>
  )
}
