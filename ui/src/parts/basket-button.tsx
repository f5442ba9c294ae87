import { basket, put, takeOut } from '../basket.ts'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'

/** Puts an image into the package, or takes it out. */
export function BasketButton({ name, isSmall = false }: { name: string; isSmall?: boolean }) {
  const { pack } = w().common
  const isIn = basket.value.includes(name)
  return (
    <button
      type="button"
      class={isSmall ? 'ghost' : ''}
      title={pack}
      aria-pressed={isIn}
      {...(isSmall ? { 'aria-label': `${pack}: ${name}` } : {})}
      onClick={() => (isIn ? takeOut(name) : put([name]))}
    >
      <Icon name={isIn ? 'check' : 'package'} /> {isSmall ? '' : pack}
    </button>
  )
}
