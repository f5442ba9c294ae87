import type { ManifestDetail } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Bytes, Digest, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import { Pairs } from './config.tsx'
import { JsonView } from './json-view.tsx'

interface ManifestProps {
  readonly repository: string
  readonly own: ManifestDetail
  readonly platform: string
  /** Digest of the index that this one is a part of. */
  readonly index: string | undefined
}

/** The manifest as it is stored, or that of the index above it. */
export function Manifest({ repository, own, platform, index }: ManifestProps) {
  const words = w().image.manifest
  const isIndex = index !== undefined && query.value.get('of') === 'index'
  return (
    <div class="stack tight">
      {index !== undefined && (
        <label class="row">
          <span>{words.of}</span>
          <select
            value={isIndex ? 'index' : ''}
            onChange={(event) => setQuery({ of: event.currentTarget.value })}
          >
            <option value="">{platform}</option>
            <option value="index">{words.index}</option>
          </select>
        </label>
      )}
      {isIndex ? <Index name={`${repository}@${index}`} /> : <Shown manifest={own} />}
    </div>
  )
}

function Index({ name }: { name: string }) {
  const { data, failure, reload } = useResource(name, (signal) => ask('GET /manifest', { name }, signal))
  if (failure !== undefined && data === undefined) return <Problem failure={failure} retry={reload} />
  return data === undefined ? <Skeleton lines={4} /> : <Shown manifest={data} />
}

function Shown({ manifest }: { manifest: ManifestDetail }) {
  const { image, common } = w()
  const words = image.manifest
  const { digest, mediaType, size, raw, annotations } = manifest
  return (
    <>
      <dl class="facts config">
        <dt>{common.terms.digest}</dt>
        <dd>
          <Digest text={digest} />
        </dd>
        <dt>{words.mediaType}</dt>
        <dd>
          <code>{mediaType ?? common.unknown}</code>
        </dd>
        <dt>{common.terms.size}</dt>
        <dd>
          <Bytes n={size} />
        </dd>
        {Object.keys(annotations).length > 0 && (
          <>
            <dt>{words.annotations}</dt>
            <dd>
              <Pairs pairs={annotations} />
            </dd>
          </>
        )}
      </dl>
      {raw === undefined ? (
        <p class="quiet">{words.tooLong}</p>
      ) : (
        <JsonView text={raw} label={image.tabs.manifest} />
      )}
    </>
  )
}
