import { useSignal } from '@preact/signals'
import { Problem } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { loadUp } from './load-up.ts'

/** Takes an archive into the cache: of this page, docker save, podman save or skopeo. */
export function ImportForm() {
  const words = w().discover
  const share = useSignal<number | undefined>(undefined)
  const failure = useSignal<ReturnType<typeof asFailure> | undefined>(undefined)
  const run = async (file: File): Promise<void> => {
    share.value = 0
    failure.value = undefined
    try {
      const { images } = await loadUp(file, (next) => (share.value = next))
      toast(words.imported(images.map(({ name }) => name).join(', ')))
    } catch (error) {
      failure.value = asFailure(error)
    }
    share.value = undefined
  }
  return (
    <section class="card stack tight">
      <h2>{words.import}</h2>
      <label class="stack tight">
        <span class="quiet">{words.importLead}</span>
        <input
          type="file"
          accept=".tar,.gz,.tgz,.zst"
          disabled={share.value !== undefined}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file !== undefined) void run(file).then(() => (currentTarget.value = ''))
          }}
        />
      </label>
      {share.value !== undefined && <progress value={share.value} max={1} aria-label={words.import} />}
      {failure.value !== undefined && <Problem failure={failure.value} />}
    </section>
  )
}
