import { useSignal } from '@preact/signals'
import type { ImageDetail, PlatformRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import { BasketButton } from '../../parts/basket-button.tsx'
import { EvictDialog } from '../../parts/evict-later.tsx'
import { FetchButton } from '../../parts/fetch-button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PinButton } from '../../parts/pin-button.tsx'
import { imageHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { CheckButton } from '../../parts/upstream-check.tsx'
import { type Resource, useResource } from '../../resource.ts'
import { href, query } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { Head } from './head.tsx'
import { useImageKeys } from './image-keys.ts'
import './image.css'
import { Parts } from './parts.tsx'
import { Platforms } from './platforms.tsx'
import { Pull } from './pull.tsx'

/** One image, by tag or digest: what of it is here, what it is made of, how it is pulled. */
export default function Image({ params }: { readonly params: readonly string[] }) {
  const [upstream = '', path = '', reference = ''] = params
  const repository = `${upstream}/${path}`
  const name = `${repository}${reference}`
  useImageKeys(repository, reference)
  const detail = useResource(name, (signal) => ask('GET /image', { name }, signal))
  const { data, failure } = detail
  return (
    <>
      <nav class="crumbs" aria-label={w().images.title}>
        <a href={href('/images')}>{w().images.title}</a>
        <Icon name="chevron" size={12} />
        <a href={imageHref(repository)}>{repository}</a>
      </nav>
      {data === undefined ? (
        <h1 tabIndex={-1}>{name}</h1>
      ) : (
        <Head detail={data} name={name} actions={<Actions name={name} detail={detail} />} />
      )}
      {failure !== undefined && <Missing failure={failure} name={name} detail={detail} />}
      {data === undefined && detail.isLoading && <Skeleton lines={8} />}
      {data !== undefined && (
        <Body name={name} repository={repository} detail={data} reload={detail.reload} />
      )}
    </>
  )
}

interface BodyProps {
  readonly name: string
  readonly repository: string
  readonly detail: ImageDetail
  readonly reload: () => void
}

function Body({ name, repository, detail, reload }: BodyProps) {
  const chosen = platformOf(detail, query.value.get('platform'))
  return (
    <>
      <Pull repository={repository} tags={detail.image.tags} digest={detail.image.digest} name={name} />
      <Platforms name={name} platforms={detail.platforms} chosen={chosen} onFetched={reload} />
      {chosen !== undefined && <Parts repository={repository} detail={detail} platform={chosen} />}
    </>
  )
}

/** The one asked for, else the first that is here. */
function platformOf({ platforms }: ImageDetail, asked: string | null): PlatformRow | undefined {
  return (
    platforms.find(({ digest }) => digest === asked) ??
    platforms.find(({ state, platform }) => state !== 'absent' && platform !== 'unknown/unknown') ??
    platforms[0]
  )
}

interface WithDetail {
  readonly name: string
  readonly detail: Resource<ImageDetail>
}

function Missing({ name, detail }: WithDetail & { failure: Resource<ImageDetail>['failure'] }) {
  const { image: words } = w()
  const { failure, reload } = detail
  if (failure === undefined) return null
  if (failure.status !== 404) return <Problem failure={failure} retry={reload} />
  return (
    <Empty title={words.notCached}>
      <p>{words.notCachedMore}</p>
      {may('operator') && <FetchButton name={name} label={words.fetchNow} onDone={reload} />}
    </Empty>
  )
}

function Actions({ name, detail }: WithDetail) {
  const { image: words, images } = w()
  const isEvicting = useSignal(false)
  const image = detail.data?.image
  if (image === undefined) return null
  if (!may('operator')) return <BasketButton name={name} />
  return (
    <span class="row">
      <CheckButton name={name} onDone={detail.reload} />
      <FetchButton
        name={name}
        label={image.state === 'partial' ? words.fetchRest : images.fetchAgain}
        onDone={detail.reload}
      />
      <PinButton name={name} isPinned={image.pinned} onDone={detail.reload} />
      <BasketButton name={name} />
      <button type="button" onClick={() => (isEvicting.value = true)}>
        {images.evict}
      </button>
      {isEvicting.value && (
        <EvictDialog
          asked={{ names: [name] }}
          onClose={() => (isEvicting.value = false)}
          onDone={detail.reload}
        />
      )}
    </span>
  )
}
