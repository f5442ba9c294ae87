import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { RequestQuery } from '../../../../src/api/contract-activity.ts'
import { save } from '../../parts/csv.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import { requestsCsv } from './csv.ts'
import { allRequests } from './request-list.ts'

const OUTCOMES = ['hit', 'miss', 'joined', 'revalidated', 'stale', 'bypass'] as const
const STATUSES = ['2xx', '3xx', '4xx', '5xx'] as const
/** Nobody has finished typing within that. */
const PATIENCE_MS = 250

type Filter = Pick<RequestQuery, 'q' | 'repository' | 'outcome' | 'status'>

export function RequestFilters({ filter, isTail }: { filter: Filter; isTail: boolean }) {
  const { activity, common } = w()
  const words = activity.requests
  return (
    <div class="request-filters">
      <Search value={filter.q ?? ''} />
      <label class="row">
        <span>{words.outcome}</span>
        <select
          value={filter.outcome ?? ''}
          onChange={(event) => setQuery({ outcome: event.currentTarget.value })}
        >
          <option value="">{words.any}</option>
          {OUTCOMES.map((one) => (
            <option key={one} value={one}>
              {common.outcome[one]}
            </option>
          ))}
        </select>
      </label>
      <label class="row">
        <span>{words.status}</span>
        <select
          value={filter.status ?? ''}
          onChange={(event) => setQuery({ status: event.currentTarget.value })}
        >
          <option value="">{words.any}</option>
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {words.statuses[one]}
            </option>
          ))}
        </select>
      </label>
      <label class="row">
        <input
          type="checkbox"
          checked={isTail}
          onChange={(event) => setQuery({ tail: event.currentTarget.checked ? 'on' : undefined })}
        />
        <span>{words.tail}</span>
      </label>
      <Csv filter={filter} />
    </div>
  )
}

/** Goes into the address once the typing rests. */
function Search({ value }: { value: string }) {
  const text = useSignal(value)
  useEffect(() => {
    text.value = value
  }, [value])
  useEffect(() => {
    if (text.value === value) return undefined
    const timer = setTimeout(() => setQuery({ q: text.value }), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [text.value])
  const label = w().activity.requests.search
  return (
    <input
      type="search"
      placeholder={label}
      aria-label={label}
      value={text.value}
      onInput={(event) => (text.value = event.currentTarget.value)}
    />
  )
}

function Csv({ filter }: { filter: Filter }) {
  const isBusy = useSignal(false)
  const run = async (): Promise<void> => {
    isBusy.value = true
    try {
      save('cachalot-requests.csv', requestsCsv(await allRequests(filter)))
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    } finally {
      isBusy.value = false
    }
  }
  return (
    <button type="button" disabled={isBusy.value} onClick={() => void run()}>
      <Icon name="download" />
      {w().activity.requests.csv}
    </button>
  )
}
