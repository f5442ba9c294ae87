import { useSignal } from '@preact/signals'
import type { GcItem } from '../../../../src/api/contract-gc.ts'
import type { GcRow } from '../../../../src/api/contract-work.ts'
import { number } from '../../format.ts'
import { NameLink } from '../../parts/name-link.tsx'
import { Ago, Bytes } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { exclude, type Previewed } from './phase.ts'

/** Rows of images that are shown at once. */
const STEP = 50
/** The server does these in any case. */
const FIXED = new Set<string>(['trash', 'evicted'])

/** What goes, by reason, in the order in which it goes; what has no tick stays. */
export function Report({ shown }: { shown: Previewed }) {
  const words = w().cleanup.free
  const { all, now } = shown
  return (
    <div class="table-frame">
      <table class="report">
        <caption class="unseen">{words.preview}</caption>
        <thead>
          <tr>
            <th scope="col">{words.reason}</th>
            <th scope="col" class="end">
              {words.objects}
            </th>
            <th scope="col" class="end wide">
              {words.total}
            </th>
            <th scope="col" class="end">
              {words.frees}
            </th>
          </tr>
        </thead>
        {all.report.rows.map((row) => (
          <Reason key={row.text} row={row} shown={shown} />
        ))}
        <tfoot>
          <tr>
            <th scope="row">{words.sum}</th>
            <td class="end">{number(now.report.objects)}</td>
            <td class="wide" />
            <td class="end">
              <strong>
                <Bytes n={now.frees} />
              </strong>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  )
}

/** One reason, and behind it the images that go for it. */
function Reason({ row, shown }: { row: GcRow; shown: Previewed }) {
  const words = w().cleanup.free
  const { reason, text } = row
  const { all, now, exclude: excluded } = shown
  const items = all.items.filter((item) => item.reason === reason)
  const shownItems = useSignal(0)
  const isOut = excluded.has(reason)
  const isPart = !isOut && items.some(({ name }) => excluded.has(name))
  const left = now.report.rows.find((one) => one.text === text)
  const names = items.map(({ name }) => name)
  const toggle = (): void => {
    const others = [...excluded].filter((name) => name !== reason && !names.includes(name))
    void exclude(shown, new Set(isOut || isPart ? others : [...others, reason]))
  }
  const title = words.reasons[reason] ?? text
  return (
    <tbody>
      <tr>
        <th scope="row" title={text}>
          <span class="row">
            <label class="option">
              <input
                type="checkbox"
                checked={!isOut}
                indeterminate={isPart}
                disabled={FIXED.has(reason)}
                onChange={toggle}
              />
              {title}
              {reason === 'upstream' && <small class="quiet"> {text}</small>}
            </label>
            {items.length > 0 && (
              <button
                type="button"
                class="ghost small"
                aria-expanded={shownItems.value > 0}
                onClick={() => (shownItems.value = shownItems.value > 0 ? 0 : STEP)}
              >
                {shownItems.value > 0 ? words.hide : words.show(countOf(items))}
              </button>
            )}
          </span>
        </th>
        <td class="end">{number(left?.objects ?? 0)}</td>
        <td class="end wide">
          <Bytes n={left?.total ?? 0} />
        </td>
        <td class="end">
          <Bytes n={left?.frees ?? 0} />
        </td>
      </tr>
      {items.slice(0, shownItems.value).map((item) => (
        <Item key={item.name} item={item} shown={shown} isOut={isOut} />
      ))}
      {shownItems.value > 0 && shownItems.value < items.length && (
        <tr>
          <td colSpan={4}>
            <button type="button" onClick={() => (shownItems.value += STEP * 2)}>
              {w().common.more}
            </button>
          </td>
        </tr>
      )}
      {shownItems.value >= items.length && items.length > 0 && all.count > all.items.length && (
        <tr>
          <td colSpan={4}>
            <small class="quiet">{words.firstOnly(all.items.length, all.count)}</small>
          </td>
        </tr>
      )}
    </tbody>
  )
}

function countOf(items: readonly GcItem[]): string {
  const files = items.filter((item) => item.of === 'file').length
  return w().evict.things(items.length - files, 0, files)
}

function Item({ item, shown, isOut }: { item: GcItem; shown: Previewed; isOut: boolean }) {
  const words = w().cleanup.free
  const { name, platform, partOf, lastUsed, total, frees } = item
  const { exclude: excluded } = shown
  const toggle = (): void => {
    const names = new Set(excluded)
    if (!names.delete(name)) names.add(name)
    void exclude(shown, names)
  }
  return (
    <tr class="item">
      <td>
        <span class="option">
          <input
            type="checkbox"
            aria-label={words.goes(platform === undefined ? name : `${platform}, ${partOf ?? name}`)}
            checked={!isOut && !excluded.has(name)}
            disabled={isOut}
            onChange={toggle}
          />
          <span>
            <NameLink text={partOf ?? name} />{' '}
            {platform !== undefined && <span class="chip">{platform}</span>}
          </span>
        </span>
      </td>
      <td class="end quiet">{lastUsed > 0 && <Ago at={lastUsed} />}</td>
      <td class="end wide">
        <Bytes n={total} />
      </td>
      <td class="end">
        <Bytes n={frees} />
      </td>
    </tr>
  )
}
