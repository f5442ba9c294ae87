import { useSignal } from '@preact/signals'
import type { RepositoryRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { lazy } from '../../lazy.tsx'
import { EvictDialog } from '../../parts/evict-later.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PinButton } from '../../parts/pin-button.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Ago, Bytes, Copy, Empty, Mark, Name, Skeleton } from '../../parts/small.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import './repository.css'
import { TagList } from './tags.tsx'

const Requests = lazy(async () => ({ default: (await import('../../pieces/doings.ts')).Requests }))
const DigestList = lazy(async () => ({ default: (await import('../../pieces/later.ts')).DigestList }))
const UsageList = lazy(async () => ({ default: (await import('../../pieces/later.ts')).UsageList }))
const FetchTag = lazy(async () => ({ default: (await import('../../pieces/later.ts')).FetchTag }))

/** One repository: its numbers, its tags, and what no tag points to. */
export default function Repository({ params }: { readonly params: readonly string[] }) {
  const name = params.join('/')
  const { images: words } = w()
  const row = useResource(name, (signal) => find(name, signal))
  const isEvicting = useSignal(false)
  const isFetching = useSignal(false)
  const turn = useSignal(0)
  const changed = (): void => {
    row.reload()
    turn.value++
  }
  return (
    <>
      <nav class="crumbs" aria-label={words.title}>
        <a href={href('/images')}>{words.title}</a>
        <Icon name="chevron" size={12} />
        <a href={href(`/images?q=upstream:${params[0] ?? ''}`)}>{params[0]}</a>
      </nav>
      <div class="spread">
        <h1 tabIndex={-1}>
          <Name text={name} /> <Copy text={name} what={words.repository.copyName} />
        </h1>
        {row.data !== undefined && may('operator') && (
          <span class="row">
            <button type="button" onClick={() => (isFetching.value = true)}>
              <Icon name="download" /> {words.repository.fetchTag}
            </button>
            <PinButton name={name} isPinned={row.data.pinned} onDone={changed} />
            <button type="button" onClick={() => (isEvicting.value = true)}>
              {words.repository.evictAll}
            </button>
          </span>
        )}
      </div>
      {row.failure !== undefined && row.data === undefined && (
        <Problem failure={row.failure} retry={row.reload} />
      )}
      {row.data !== undefined && <Facts row={row.data} />}
      {row.data === undefined && row.isLoading && <Skeleton lines={2} />}
      {row.data === undefined && !row.isLoading && row.failure === undefined ? (
        <Empty title={words.repository.notCached}>
          <p>{words.repository.notCachedMore}</p>
        </Empty>
      ) : (
        <Tabs
          label={words.repository.tabs.label}
          // Each has filters of its own.
          clears={['q', 'sort', 'outcome', 'status', 'tail']}
          tabs={[
            {
              id: 'tags',
              title: words.repository.tabs.tags,
              content: () => <TagList repository={name} turn={turn.value} onChange={changed} />,
            },
            {
              id: 'digests',
              title: words.repository.tabs.digests,
              content: () => <DigestList repository={name} turn={turn.value} onChange={changed} />,
            },
            {
              id: 'activity',
              title: words.repository.tabs.activity,
              content: () => <Requests repository={name} />,
            },
            {
              id: 'usage',
              title: words.repository.tabs.usage,
              content: () => <UsageList repository={name} total={row.data?.total ?? 0} />,
            },
          ]}
        />
      )}
      {isFetching.value && (
        <FetchTag repository={name} onClose={() => (isFetching.value = false)} onDone={changed} />
      )}
      {isEvicting.value && (
        <EvictDialog asked={{ names: [name] }} onClose={() => (isEvicting.value = false)} onDone={changed} />
      )}
    </>
  )
}

/** The list takes patterns: the one that has exactly this name comes first of those that begin with it. */
async function find(name: string, signal: AbortSignal): Promise<RepositoryRow | undefined> {
  const { items } = await ask('GET /repositories', { q: name, sort: 'name', limit: 50 }, signal)
  return items.find((row) => row.name === name)
}

function Facts({ row }: { row: RepositoryRow }) {
  const { terms } = w().common
  const { pinned, tags, total, onlyHere, shared, firstCached, lastUsed, pulls, pulls30d } = row
  return (
    <dl class="numbers">
      <div>
        <dt>{terms.tags}</dt>
        <dd>{number(tags)}</dd>
      </div>
      <div>
        <dt>{terms.total}</dt>
        <dd>
          <Bytes n={total} />
        </dd>
      </div>
      <div>
        <dt>{terms.onlyHere}</dt>
        <dd>
          <Bytes n={onlyHere} />
        </dd>
      </div>
      <div>
        <dt>{terms.shared}</dt>
        <dd>
          <Bytes n={shared} />
        </dd>
      </div>
      <div>
        <dt>{terms.pulls}</dt>
        <dd>
          {number(pulls)} {pulls30d.length > 0 && <Sparkline values={pulls30d} />}
        </dd>
      </div>
      <div>
        <dt>{terms.lastUsed}</dt>
        <dd>
          <Ago at={lastUsed} />
        </dd>
      </div>
      <div>
        <dt>{terms.firstCached}</dt>
        <dd>
          <Ago at={firstCached} />
        </dd>
      </div>
      {pinned && (
        <div>
          <dt>{terms.state}</dt>
          <dd>
            <Mark tone="info" icon="pin">
              {w().images.repository.isPinned}
            </Mark>
          </dd>
        </div>
      )}
    </dl>
  )
}
