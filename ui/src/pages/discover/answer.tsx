import type { ComponentChildren } from 'preact'
import type { HubPage } from '../../../../src/api/contract-hub.ts'
import { ago } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { errorText } from '../../parts/said.ts'
import { Empty, Skeleton } from '../../parts/small.tsx'
import type { Resource } from '../../resource.ts'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { asked, pageNumber } from './place.ts'

interface AnswerProps<T> {
  readonly answer: Resource<HubPage<T>>
  readonly found: (n: number) => string
  readonly row: (one: T) => ComponentChildren
}

/** A page of what Docker Hub says, how far to believe it, and the way to the pages around it. */
export function Answer<T>({ answer, found, row }: AnswerProps<T>) {
  const words = w().discover
  const { data, failure, isLoading, reload } = answer
  if (failure !== undefined) return <Problem failure={failure} retry={reload} />
  if (data === undefined) return <Skeleton lines={8} />
  const { items, total, nextCursor, source, at, why = '' } = data
  const page = pageNumber()
  return (
    <>
      {source !== 'hub' && (
        <p class="banner warn" role="status">
          <Icon name="warn" />
          <span>
            {source === 'cache' ? words.own : words.remembered(ago(at))}{' '}
            {errorText({ ...data, code: '', message: why })}
          </span>
        </p>
      )}
      {items.length === 0 ? (
        <Empty title={words.none} />
      ) : (
        <>
          <p class="quiet" aria-live="polite">
            {found(total)}
          </p>
          <ul class="hub-list" aria-busy={isLoading}>
            {items.map(row)}
          </ul>
        </>
      )}
      {(page > 1 || nextCursor !== undefined) && (
        <nav class="row" aria-label={words.pages}>
          {page > 1 && (
            <a class="button" href={href(asked({ page: page - 1 }))}>
              {words.before}
            </a>
          )}
          <span>{words.page(page)}</span>
          {nextCursor !== undefined && (
            <a class="button" href={href(asked({ page: page + 1 }))}>
              {words.after}
            </a>
          )}
        </nav>
      )}
    </>
  )
}
