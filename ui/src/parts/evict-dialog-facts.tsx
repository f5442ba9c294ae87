import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { BoundPreview } from '../../../src/api/contract-evict.ts'
import { bytes, exactBytes } from '../format.ts'
import { w } from '../words/words.ts'

/** More names than this are counted rather than read. */
const MOST_NAMES = 200

interface EvictFactsProps {
  readonly preview: BoundPreview
  readonly withGone: Signal<boolean>
}

/** What goes, what stays and why. */
export function EvictFacts({ preview, withGone }: EvictFactsProps) {
  const words = w().evict
  const {
    images,
    files,
    atOnce,
    count,
    total,
    frees,
    sharedKept,
    alsoTags,
    namesOnly,
    pinned,
    inUse,
    needed,
    gone,
    notFound,
  } = preview
  return (
    <>
      <dl class="evict-facts">
        <dt>{words.frees}</dt>
        <dd>
          <strong class="big" title={exactBytes(frees)}>
            {bytes(frees)}
          </strong>
          {total > 0 && (
            <span class="quiet">
              {sharedKept > 0 ? words.stays(bytes(total), bytes(sharedKept)) : words.staysNone(bytes(total))}
            </span>
          )}
          {count + namesOnly.length === 0 ? (
            <p>{words.nothing}</p>
          ) : (
            <Names
              title={images.length === 0 ? words.things(0, 0, count) : words.things(count, 0, 0)}
              names={[...images, ...files].map(({ name }) => name)}
              total={count}
            />
          )}
        </dd>
        {atOnce.length > 0 && (
          <Fact title={words.atOnce}>
            <Names title={words.atOnceWhy(atOnce.length)} names={atOnce} isOpen />
          </Fact>
        )}
        {namesOnly.length > 0 && (
          <Fact title={words.alone}>
            <Names title={words.aloneTags(namesOnly.length)} names={namesOnly} />
          </Fact>
        )}
        {alsoTags.length > 0 && (
          <Fact title={words.also}>
            <Names title={words.alsoTags(alsoTags.length)} names={alsoTags} />
          </Fact>
        )}
        {pinned.length + inUse.length + needed.length > 0 && (
          <Fact title={words.skipped}>
            <Names title={words.pinned(pinned.length)} names={pinned} />
            <Names title={words.inUse(inUse.length)} names={inUse} />
            <Names title={words.needed(needed.length)} names={needed} />
          </Fact>
        )}
        {notFound.length > 0 && (
          <Fact title={words.left}>
            <Names title={words.notFound(notFound.length)} names={notFound} />
          </Fact>
        )}
        {gone.length > 0 && (
          <Fact title={words.gone}>
            <Names title={words.goneWhy(gone.length)} names={gone} isOpen />
            <label class="option">
              <input
                type="checkbox"
                checked={withGone.value}
                onChange={(event) => (withGone.value = event.currentTarget.checked)}
              />
              {words.includeGone}
            </label>
          </Fact>
        )}
      </dl>
      {gone.length === 0 && count > 0 && <p class="quiet">{words.stillPulls}</p>}
    </>
  )
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  )
}

interface NamesProps {
  readonly title: string
  readonly names: readonly string[]
  /** Where not all of them are here. */
  readonly total?: number
  readonly isOpen?: boolean
}

/** A number that opens into what it counts. */
function Names({ title, names, total = names.length, isOpen = false }: NamesProps) {
  if (names.length === 0) return null
  const shown = names.slice(0, MOST_NAMES)
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      <ul class="evict-names" tabIndex={0} aria-label={title}>
        {shown.map((name) => (
          <li key={name}>{name}</li>
        ))}
        {total > shown.length && <li>{w().evict.andMore(total - shown.length)}</li>}
      </ul>
    </details>
  )
}
