import type { TagRowFull } from '../../../../src/api/contract-contents.ts'
import { BasketButton } from '../../parts/basket-button.tsx'
import { imageHref } from '../../parts/place.ts'
import { pullLine } from '../../parts/pull-line.ts'
import { Ago, Copy } from '../../parts/small.tsx'
import type { Column } from '../../parts/table.tsx'
import { News, TagMark } from '../../parts/upstream-check.tsx'
import { w } from '../../words/words.ts'
import { Created, Pinned, sizeColumns, usageColumns } from '../images/columns.tsx'

/** More would not fit a row of one line. */
const MOST_PLATFORMS = 3
const MOST_ALIASES = 2

export function tagColumns(repository: string): readonly Column<TagRowFull>[] {
  const { images: words, common } = w()
  const { terms } = common
  return [
    {
      id: 'tag',
      title: terms.tag,
      sortable: true,
      cell: (row) => <TagCell row={row} repository={repository} />,
    },
    {
      id: 'platforms',
      title: words.columns.platforms,
      wide: true,
      cell: ({ platforms }) => <Platforms platforms={platforms} />,
    },
    ...sizeColumns<TagRowFull>(),
    {
      id: 'created',
      title: terms.created,
      align: 'end',
      sortable: true,
      wide: true,
      cell: ({ created }) => <Created at={created} />,
    },
    {
      id: 'firstCached',
      title: terms.firstCached,
      align: 'end',
      wide: 'very',
      cell: ({ firstCached }) => <Ago at={firstCached} />,
    },
    ...usageColumns<TagRowFull>(terms.lastUsed),
    {
      id: 'checked',
      title: words.columns.checked,
      hint: words.hints.checked,
      wide: true,
      cell: ({ state, checkedAt, goneAt }) => (
        <span class="checked">
          <TagMark state={state} />
          {state !== 'moved' && (
            <small class="quiet">
              <Ago at={goneAt ?? checkedAt} />
            </small>
          )}
        </span>
      ),
    },
    {
      id: 'copy',
      title: common.copy,
      isQuiet: true,
      cell: ({ tag }) => (
        <>
          <Copy text={pullLine(`${repository}:${tag}`)} what={words.repository.copyPull(tag)} />
          <BasketButton name={`${repository}:${tag}`} isSmall />
        </>
      ),
    },
  ]
}

function TagCell({ row, repository }: { row: TagRowFull; repository: string }) {
  const { repository: words } = w().images
  const { tag, aliases, pinned, state } = row
  const more = aliases.length - MOST_ALIASES
  return (
    <span class="tag-cell">
      <a href={imageHref(`${repository}:${tag}`)} title={tag}>
        {tag}
      </a>
      {pinned && <Pinned />}
      <News isGone={state === 'gone'} isMoved={state === 'moved'} />
      {aliases.slice(0, MOST_ALIASES).map((alias) => (
        <span key={alias} class="chip" title={words.alsoTagged(alias)}>
          {alias}
        </span>
      ))}
      {more > 0 && (
        <span class="quiet" title={words.alsoTagged(aliases.slice(MOST_ALIASES).join(', '))}>
          +{more}
        </span>
      )}
    </span>
  )
}

/** "amd64 arm64 +6 not cached": what is here first. */
function Platforms({ platforms }: Pick<TagRowFull, 'platforms'>) {
  const real = platforms.filter(({ platform }) => platform !== 'unknown/unknown')
  const here = real.filter(({ state }) => state !== 'absent')
  const shown = here.slice(0, MOST_PLATFORMS)
  const absent = real.length - here.length
  const all = real.map(({ platform, state }) => `${platform ?? ''}: ${w().common.state[state]}`).join('\n')
  return (
    <span class="platforms" title={all}>
      {shown.map(({ platform, state }) => (
        <span key={platform} class={state}>
          {short(platform)}
        </span>
      ))}
      {here.length > shown.length && <span>+{here.length - shown.length}</span>}
      {absent > 0 && (
        <span class="quiet">
          <span aria-hidden="true">+{absent}</span>
          <span class="unseen">{w().images.repository.moreAbsent(absent)}</span>
        </span>
      )}
    </span>
  )
}

/** Nearly all are linux: that need not be said each time. */
function short(platform: string | undefined): string {
  return (platform ?? w().common.unknown).replace(/^linux\//, '')
}
