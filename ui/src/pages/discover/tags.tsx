import { useSignal } from '@preact/signals'
import type { HubTag } from '../../../../src/api/contract-hub.ts'
import { ask } from '../../api.ts'
import { bytes } from '../../format.ts'
import { lazy } from '../../lazy.tsx'
import { BasketButton } from '../../parts/basket-button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { imageHref } from '../../parts/place.ts'
import { pullLine } from '../../parts/pull-line.ts'
import { Ago, Copy, Digest, Mark, Name } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { go, query } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { Answer } from './answer.tsx'
import { AskForm } from './ask-form.tsx'
import { asked, pageNumber } from './place.ts'

const FetchTag = lazy(async () => ({ default: (await import('../../pieces/later.ts')).FetchTag }))

/** Tags of one repository, with what can be done with each. */
export function HubTags({ repository }: { repository: string }) {
  const { discover: words, common, images } = w()
  const tag = query.value.get('tag') ?? ''
  const page = pageNumber()
  const answer = useResource(`${tag} ${page}`, (signal) =>
    ask('GET /hub/tags', { repository, page, ...(tag === '' ? {} : { q: tag }) }, signal),
  )
  const fetching = useSignal<HubTag | undefined>(undefined)
  return (
    <>
      <h2>
        <Name text={repository} /> <Copy text={repository} what={images.repository.copyName} />
      </h2>
      <AskForm
        label={words.filter}
        value={tag}
        button={words.filterGo}
        onAsk={(text) => go(asked({ tag: text, page: 1 }))}
      />
      <Answer<HubTag>
        answer={answer}
        found={common.tags}
        row={(one) => (
          <Row key={one.tag} repository={repository} tag={one} onFetch={() => (fetching.value = one)} />
        )}
      />
      {fetching.value !== undefined && (
        <FetchTag
          repository={repository}
          tag={fetching.value.tag}
          offers={fetching.value.platforms.map(({ platform }) => platform)}
          onClose={() => (fetching.value = undefined)}
          onDone={answer.reload}
        />
      )}
    </>
  )
}

interface RowProps {
  readonly repository: string
  readonly tag: HubTag
  readonly onFetch: () => void
}

function Row({ repository, tag: { tag, digest, updated, platforms, cached }, onFetch }: RowProps) {
  const { discover: words, images } = w()
  const name = `${repository}:${tag}`
  return (
    <li>
      <p class="row">
        {cached === 'no' ? <strong class="name">{tag}</strong> : <a href={imageHref(name)}>{tag}</a>}
        {cached !== 'no' && <Mark tone={cached === 'yes' ? 'ok' : 'info'}>{words.cached[cached]}</Mark>}
        <span class="quiet">{updated !== undefined && <Ago at={updated} />}</span>
        {digest !== undefined && <Digest text={digest} />}
        <span class="hub-more row">
          <Copy text={pullLine(name)} what={images.repository.copyPull(tag)} />
          <BasketButton name={name} isSmall />
          {may('operator') && (
            <button type="button" class="small" onClick={onFetch}>
              <Icon name="download" /> {w().files.fetch}
            </button>
          )}
        </span>
      </p>
      <p class="quiet hub-platforms">
        {platforms.map(({ platform, size }, i) => (
          <span key={`${platform} ${i}`}>
            <code>{platform}</code> {bytes(size)}
          </span>
        ))}
      </p>
    </li>
  )
}
