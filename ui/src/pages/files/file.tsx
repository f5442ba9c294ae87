import { useSignal } from '@preact/signals'
import type { FileDetail } from '../../../../src/api/contract-files.ts'
import { ask } from '../../api.ts'
import { usePageKeys } from '../../keys.ts'
import { EvictDialog } from '../../parts/evict-later.tsx'
import { FetchButton } from '../../parts/fetch-button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { PinButton } from '../../parts/pin-button.tsx'
import { pinNames } from '../../parts/pin-names.ts'
import { fileHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { Copy, Empty, Name, Skeleton } from '../../parts/small.tsx'
import { type Resource, useResource } from '../../resource.ts'
import { BASE, go, href, query } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { FileName, repositoryOf } from './columns.tsx'
import { copyName } from './copy-name.ts'
import './files.css'
import { FileBody } from './file-body.tsx'
import { shownFiles } from './shown.ts'

/** One file: what of it is here, how it is fetched, who shares its bytes. */
export default function File() {
  const { files: words } = w()
  const name = query.value.get('name') ?? ''
  const detail = useResource(name, (signal) => ask('GET /file', { name }, signal))
  const { failure, isLoading } = detail
  // What is there belongs to the name before, until the answer is here.
  const data = isLoading && detail.data?.file.name !== name ? undefined : detail.data
  const isEvicting = useSignal(false)
  useFileKeys(name, detail, isEvicting)
  const row = data?.file
  return (
    <>
      <nav class="crumbs" aria-label={words.title}>
        <a href={href('/files')}>{words.title}</a>
        {row !== undefined && (
          <>
            <Icon name="chevron" size={12} />
            <a href={href(`/files?kind=${row.kind}`)}>{words.kinds[row.kind]}</a>
            <Icon name="chevron" size={12} />
            <a href={href(`/files?kind=${row.kind}&q=${encodeURIComponent(repositoryOf(row))}`)}>
              {repositoryOf(row)}
            </a>
          </>
        )}
      </nav>
      <div class="spread">
        <h1 tabIndex={-1} title={name}>
          {row === undefined ? <Name text={name} /> : <FileName row={row} isWhole />}{' '}
          <Copy text={name} what={w().common.terms.name} />
        </h1>
        {row !== undefined && may('operator') && (
          <span class="row">
            <FetchButton name={name} label={w().images.fetchAgain} onDone={detail.reload} />
            <PinButton name={name} isPinned={row.pinned} onDone={detail.reload} />
            <button type="button" onClick={() => (isEvicting.value = true)}>
              {w().images.evict}
            </button>
          </span>
        )}
      </div>
      {failure !== undefined &&
        data === undefined &&
        (failure.status === 404 ? (
          <Empty title={words.notCached}>
            <p>{words.evicted}</p>
            {may('operator') && <FetchButton name={name} label={words.fetch} onDone={detail.reload} />}
          </Empty>
        ) : (
          <Problem failure={failure} retry={detail.reload} />
        ))}
      {data === undefined && isLoading && <Skeleton lines={6} />}
      {data !== undefined && <FileBody detail={data} />}
      {isEvicting.value && (
        <EvictDialog
          asked={{ names: [name], of: 'files' }}
          onClose={() => (isEvicting.value = false)}
          onDone={detail.reload}
        />
      )}
    </>
  )
}

function useFileKeys(name: string, { reload }: Resource<FileDetail>, isEvicting: { value: boolean }): void {
  const step = (by: 1 | -1): void => {
    const to = shownFiles.beside(name, by)
    if (to !== undefined) go(fileHref(to).slice(BASE.length))
  }
  const operator = {
    p: () => void pinNames([name]).then(reload),
    e: () => void (isEvicting.value = true),
  }
  usePageKeys({
    c: () => void copyName(name),
    '[': () => step(-1),
    ']': () => step(1),
    ...(may('operator') ? operator : {}),
  })
}
