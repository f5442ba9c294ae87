import { useSignal } from '@preact/signals'
import type { LayerRow } from '../../../../src/api/contract.ts'
import type { HistoryRow } from '../../../../src/api/contract-contents.ts'
import { percent } from '../../format.ts'
import { imageHref } from '../../parts/place.ts'
import { Bytes, Digest, Name } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { State } from '../images/columns.tsx'

interface LayersProps {
  readonly layers: readonly LayerRow[]
  readonly history: readonly HistoryRow[]
}

interface Step {
  readonly command: string
  readonly layer: LayerRow | undefined
}

/** Every step of the build with the layer it made, as far as the image says. */
export function Layers({ layers, history }: LayersProps) {
  const words = w().image.layers
  const { terms } = w().common
  const steps = stepsOf(layers, history)
  const total = layers.reduce((sum, { size }) => sum + size, 0)
  return (
    <div class="stack tight">
      {history.length === 0 && <p class="quiet">{words.noHistory}</p>}
      <div class="table-frame">
        <table class="layers">
          <caption class="unseen">{words.caption}</caption>
          <thead>
            <tr>
              <th scope="col" class="end">
                #
              </th>
              <th scope="col">{words.command}</th>
              <th scope="col" class="end">
                {terms.size}
              </th>
              <th scope="col" class="wide">
                {words.share}
              </th>
              <th scope="col" class="wide">
                {words.sharedWith}
              </th>
              <th scope="col" class="wide">
                {terms.digest}
              </th>
            </tr>
          </thead>
          <tbody>
            {steps.map((step, i) => (
              <Line key={i} step={step} number={i + 1} total={total} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

/** History leads where there is any: it has the steps that made no layer, too. Last comes the config. */
function stepsOf(layers: readonly LayerRow[], history: readonly HistoryRow[]): readonly Step[] {
  const words = w().image.layers
  const config = layers
    .filter(({ role }) => role === 'config')
    .map((layer) => ({ command: words.config, layer }))
  const rest = layers.filter(({ role }) => role === 'layer')
  if (history.length === 0) return [...rest.map((layer) => ({ command: '', layer })), ...config]
  // The same layer may come twice.
  const waiting = [...rest]
  const steps = history.map(({ command, layer }) => {
    const at = layer === undefined ? -1 : waiting.findIndex(({ digest }) => digest === layer.digest)
    return { command, layer: at < 0 ? undefined : waiting.splice(at, 1)[0] }
  })
  return [...steps, ...waiting.map((layer) => ({ command: '', layer })), ...config]
}

function Line({ step, number, total }: { step: Step; number: number; total: number }) {
  const words = w().image.layers
  const { command, layer } = step
  return (
    <tr class={layer === undefined ? 'no-layer' : ''}>
      <td class="end quiet">{number}</td>
      <td>
        <Command text={command} />
      </td>
      {layer === undefined ? (
        <td colSpan={4} class="end quiet">
          {words.empty}
        </td>
      ) : (
        <>
          <td class="end">
            <Bytes n={layer.size} />
            {!layer.here && <State state="absent" />}
          </td>
          <td class="wide">
            <Share share={total === 0 ? 0 : layer.size / total} />
          </td>
          <td class="wide">
            <Shared layer={layer} />
          </td>
          <td class="wide">
            <Digest text={layer.digest} />
          </td>
        </>
      )}
    </tr>
  )
}

/** Commands can be pages long: two lines stand for them until one asks. */
function Command({ text }: { text: string }) {
  const isOpen = useSignal(false)
  if (text === '') return <span class="quiet">–</span>
  if (text.length < 90) return <code class="command">{text}</code>
  return (
    <button
      type="button"
      class="command-button"
      aria-expanded={isOpen.value}
      onClick={() => (isOpen.value = !isOpen.value)}
    >
      <code class={isOpen.value ? 'command' : 'command clamp'}>{text}</code>
    </button>
  )
}

function Share({ share }: { share: number }) {
  const text = w().image.layers.shareOf(percent(share))
  return (
    <svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={text}>
      <title>{text}</title>
      <rect width="100" height="8" rx="2" class="share-all" />
      <rect width={Math.max(1, share * 100)} height="8" rx="2" class="share-part" />
    </svg>
  )
}

function Shared({ layer }: { layer: LayerRow }) {
  const words = w().image.layers
  if (layer.shares === 0) return <span class="quiet">{words.nobody}</span>
  return (
    <details class="shared">
      <summary>{words.others(layer.shares)}</summary>
      <ul>
        {layer.sharedWith.map((name) => (
          <li key={name}>
            <a href={imageHref(name)}>
              <Name text={name} />
            </a>
          </li>
        ))}
        {layer.shares > layer.sharedWith.length && (
          <li class="quiet">{w().evict.andMore(layer.shares - layer.sharedWith.length)}</li>
        )}
      </ul>
    </details>
  )
}
