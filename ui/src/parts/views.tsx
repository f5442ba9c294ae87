import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'
import './views.css'

export interface View {
  readonly id: string
  readonly title: string
  readonly icon?: IconName
  /** Where it is. */
  readonly to: string
  /** Below its title. */
  readonly more?: ComponentChildren
}

/** The same page seen in several ways; each is a place. */
export function Views({ label, views, shown }: { label: string; views: readonly View[]; shown: string }) {
  return (
    <nav class="views" aria-label={label}>
      {views.map(({ id, title, icon, to, more }) => (
        <a key={id} href={to} {...(id === shown ? { 'aria-current': 'true' as const } : {})}>
          {icon !== undefined && <Icon name={icon} />}
          <span>
            {title}
            {more !== undefined && <small>{more}</small>}
          </span>
        </a>
      ))}
    </nav>
  )
}
