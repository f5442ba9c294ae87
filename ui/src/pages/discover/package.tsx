import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { ExportPlan } from '../../../../src/api/contract-packages.ts'
import { ask, queryOf } from '../../api.ts'
import { basket, takeOut } from '../../basket.ts'
import { bytes } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { Lines } from '../../parts/lines.tsx'
import { PlatformSelect } from '../../parts/platform-select.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Digest, Name, Skeleton } from '../../parts/small.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'

type State = ExportPlan | ReturnType<typeof asFailure> | 'busy' | undefined

/** The images chosen for one archive; what it will be is worked out on demand, as that may ask upstreams. */
export function Package() {
  const words = w().discover
  const platform = useSignal('')
  const state = useSignal<State>(undefined)
  const name = basket.value
  const input = { name, ...(platform.value === '' ? {} : { platform: platform.value }) }
  const key = JSON.stringify(input)
  useEffect(() => void (state.value = undefined), [key])
  const plan = async (checksum: 'known' | 'compute'): Promise<void> => {
    state.value = 'busy'
    const next = await ask('GET /export/plan', { ...input, checksum }).catch(asFailure)
    // Another choice is another archive.
    if (state.peek() === 'busy') state.value = next
  }
  const now = state.value
  return (
    <section class="card stack tight" aria-labelledby="package">
      <div class="spread">
        <h2 id="package">{words.pack(name.length)}</h2>
        <button type="button" class="ghost" onClick={() => (basket.value = [])}>
          {w().images.clear}
        </button>
      </div>
      <ul class="chips">
        {name.map((one) => (
          <li key={one} class="chip">
            <Name text={one} />
            <button type="button" class="ghost" aria-label={words.takeOut(one)} onClick={() => takeOut(one)}>
              <Icon name="close" size={14} />
            </button>
          </li>
        ))}
      </ul>
      <div class="row hub-plan">
        <PlatformSelect value={platform} />
        <button type="button" class="primary" disabled={now === 'busy'} onClick={() => void plan('known')}>
          {words.plan}
        </button>
      </div>
      {now === 'busy' && <Skeleton lines={2} />}
      {now instanceof Error && <Problem failure={now} />}
      {typeof now === 'object' && 'file' in now && (
        <Plan plan={now} to={`/api/v1/export${queryOf(input)}`} onSum={() => void plan('compute')} />
      )}
    </section>
  )
}

interface PlanProps {
  readonly plan: ExportPlan
  readonly to: string
  readonly onSum: () => void
}

function Plan({ plan: { file, size, missing, images, sha256 }, to, onSum }: PlanProps) {
  const words = w().discover
  const first = images[0]?.name ?? ''
  const target = `registry.example.com/${first.split('/').slice(1).join('/')}`
  return (
    <>
      <p class="row">
        {/* The browser streams it, and can go on where it was cut. */}
        <a class="button primary" href={to} download={file}>
          <Icon name="download" /> {words.download}
        </a>
        <code class="name">{file}</code> {bytes(size)}
      </p>
      {missing > 0 && <p>{words.missing(bytes(missing))}</p>}
      {images.some(({ zstd }) => zstd) && <p>{words.zstd}</p>}
      {sha256 === undefined ? (
        <p>
          <button type="button" onClick={onSum}>
            {words.sum}
          </button>
        </p>
      ) : (
        <p class="row">
          SHA-256 <Digest text={sha256} />
        </p>
      )}
      <Lines
        lines={[
          { label: 'docker', text: `docker load -i ${file}` },
          { label: 'podman', text: `podman load -i ${file}` },
          { label: 'skopeo', text: `skopeo copy docker-archive:${file}:${first} docker://${target}` },
          { label: 'cachalot', text: `cachalot import ${file}` },
        ]}
      />
    </>
  )
}
