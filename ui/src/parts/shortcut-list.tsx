import type { ComponentChildren } from 'preact'
import { areShortcutsOn, PLACES } from '../keys.ts'
import { href } from '../router.ts'
import { may } from '../session.ts'
import { w } from '../words/words.ts'

/** Every key that does something. */
export function ShortcutList() {
  const { keys, common } = w()
  const places = Object.entries(PLACES).filter(([, { name }]) => name !== 'cleanup' || may('operator'))
  return (
    <div class="shortcuts">
      {!areShortcutsOn.value && (
        <p>
          {keys.off} <a href={href('/settings?tab=appearance')}>{keys.turnOn}</a>
        </p>
      )}
      <h3>{keys.everywhere}</h3>
      <dl>
        <Row keys={[['Ctrl', 'K']]}>{keys.does.palette}</Row>
        <Row keys={[['/']]}>{keys.does.search}</Row>
        <Row keys={[['?']]}>{keys.does.help}</Row>
        <Row keys={[['Esc']]}>{keys.does.close}</Row>
        {places.map(([key, { name }]) => (
          <Row key={key} keys={[['G'], [key.toUpperCase()]]} between={keys.andThen}>
            {keys.does.go(common.nav[name])}
          </Row>
        ))}
      </dl>
      <h3>{keys.lists}</h3>
      <dl>
        <Row keys={[['J'], ['K']]} between="/">
          {keys.does.row}
        </Row>
        <Row keys={[['X']]}>{keys.does.select}</Row>
        <Row keys={[['Shift', '↑'], ['↓']]} between="/">
          {keys.does.range}
        </Row>
        <Row keys={[['Ctrl', 'A']]}>{keys.does.all}</Row>
        <Row keys={[['Enter']]}>{keys.does.open}</Row>
        <Row keys={[['C']]}>{keys.does.copyPull}</Row>
        {may('operator') && <Row keys={[['P']]}>{keys.does.pin}</Row>}
        {may('operator') && <Row keys={[['E']]}>{keys.does.evict}</Row>}
        {may('operator') && <Row keys={[['R']]}>{keys.does.check}</Row>}
        <Row keys={[['T']]}>{keys.does.tree}</Row>
        <Row keys={[['['], [']']]} between="/">
          {keys.does.beside}
        </Row>
      </dl>
    </div>
  )
}

interface RowProps {
  /** Keys held together, or one after the other. */
  readonly keys: readonly (readonly string[])[]
  readonly between?: string
  readonly children: ComponentChildren
}

function Row({ keys, between, children }: RowProps) {
  return (
    <>
      <dt>
        {keys.map((held, i) => [
          i > 0 && <small key={`then ${held.join()}`}>{between}</small>,
          ...held.map((one) => <kbd key={one}>{one}</kbd>),
        ])}
      </dt>
      <dd>{children}</dd>
    </>
  )
}
