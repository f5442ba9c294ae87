import { useEffect } from 'preact/hooks'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { query } from '../../router.ts'
import { w } from '../../words/words.ts'
import { FileHosts } from './file-hosts.tsx'
import { UpstreamCard } from './upstream-card.tsx'
import './upstreams.css'

/** Every upstream: how it is, what it gives, and what it keeps on disk. */
export default function UpstreamsPage() {
  const { upstreams: words, common } = w()
  const { data, failure, reload, isLoading } = useResource('upstreams', (signal) =>
    ask('GET /upstreams', {}, signal),
  )
  const wanted = query.value.get('name')
  useEffect(() => {
    if (wanted !== null) document.getElementById(`upstream-${wanted}`)?.scrollIntoView({ block: 'nearest' })
  }, [wanted, data === undefined])
  return (
    <>
      <header class="page-head">
        <div class="spread">
          <h1 tabIndex={-1}>{words.title}</h1>
          <button type="button" disabled={isLoading} onClick={reload}>
            {common.refresh}
          </button>
        </div>
        <p class="quiet">{words.lead}</p>
      </header>
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      {data === undefined && failure === undefined && <Skeleton lines={8} />}
      {data?.items.length === 0 && <Empty title={words.none} />}
      <div class="upstreams">
        {data?.items.map((row) => (
          <UpstreamCard key={row.name} row={row} isWanted={row.name === wanted} />
        ))}
      </div>
      {data !== undefined && data.hosts.length > 0 && <FileHosts rows={data.hosts} />}
    </>
  )
}
