import type { LiveLayer, LivePull } from '../../../../src/api/contract-activity.ts'
import { bytes, rate, shortDigest, span } from '../../format.ts'
import { NameLink } from '../../parts/name-link.tsx'
import { codeText } from '../../parts/said.ts'
import { Ago, Mark, type Tone } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { Bar } from './bar.tsx'

/** With more of them, those that were here already are folded away: they tell nothing new. */
const MANY = 12

const TONES: Readonly<Record<LiveLayer['state'], Tone>> = {
  hit: 'ok',
  fetching: 'info',
  joined: 'info',
  stale: 'warn',
  bypass: 'plain',
  done: 'ok',
  failed: 'bad',
}

const FROM_CACHE: ReadonlySet<LiveLayer['state']> = new Set(['hit', 'stale'])

/** One client that pulls one image: a bar for each thing it gets. */
export function PullCard({ pull }: { pull: LivePull }) {
  const words = w().activity.live
  const { name, client, agent, who, layers, startedAt, endedAt, toClient, error } = pull
  const isFolded = (layer: LiveLayer): boolean => layers.length > MANY && isHere(layer)
  return (
    <li class={endedAt === undefined ? 'card live-pull' : 'card live-pull ended'}>
      <header class="spread">
        <h2>
          <NameLink text={name} />
        </h2>
        <State pull={pull} />
      </header>
      <div class="spread quiet fine-print">
        <span>
          {client !== undefined && (
            <>
              {agent === undefined || agent === '' ? client : words.by({ client, agent })}
              {' · '}
              {who === undefined ? words.anonymous : words.as(who)}
            </>
          )}
        </span>
        <span>
          {endedAt === undefined
            ? error === undefined && rate(toClient)
            : words.took(span(endedAt - startedAt))}
        </span>
      </div>
      {error !== undefined && <p class="fine-print">{words.error(codeText(error))}</p>}
      {layers.length > 0 && <Whole name={name} layers={layers} startedAt={startedAt} />}
      <Layers layers={layers.filter((layer) => !isFolded(layer))} />
      <Folded layers={layers.filter(isFolded)} />
    </li>
  )
}

function isHere({ state, done, size }: LiveLayer): boolean {
  return state === 'hit' && size !== undefined && done >= size
}

function State({ pull: { endedAt, layers, error } }: { pull: LivePull }) {
  const words = w().activity.live
  if (error !== undefined || layers.some(({ state }) => state === 'failed'))
    return <Mark tone="bad">{words.failed}</Mark>
  if (endedAt === undefined)
    return (
      <Mark tone="info" icon="download">
        {words.pulling}
      </Mark>
    )
  return <Mark tone="ok">{words.finished}</Mark>
}

/** All of it together, as far as its size is known. */
function Whole({ name, layers, startedAt }: Pick<LivePull, 'name' | 'layers' | 'startedAt'>) {
  const words = w().activity.live
  const done = layers.reduce((sum, layer) => sum + layer.done, 0)
  const isKnown = layers.every(({ size }) => size !== undefined)
  const size = layers.reduce((sum, layer) => sum + (layer.size ?? 0), 0)
  return (
    <div class="live-whole">
      <Bar done={done} size={isKnown ? size : undefined} label={words.whole(name)} />
      <div class="spread quiet fine-print">
        <span>{isKnown ? words.done(bytes(done), bytes(size)) : bytes(done)}</span>
        <span>
          {words.layers(layers.length)} · <Ago at={startedAt} />
        </span>
      </div>
    </div>
  )
}

function Layers({ layers }: { layers: readonly LiveLayer[] }) {
  if (layers.length === 0) return null
  return (
    <ul class="live-layers">
      {layers.map((layer) => (
        <Layer key={layer.digest} layer={layer} />
      ))}
    </ul>
  )
}

function Layer({ layer: { digest, size, done, state } }: { layer: LiveLayer }) {
  const words = w().activity.live
  const short = shortDigest(digest)
  const isWhole = size !== undefined && done >= size
  return (
    <li>
      <code title={digest}>{short}</code>
      <Bar
        done={done}
        size={size}
        label={words.bar(short)}
        from={FROM_CACHE.has(state) ? 'cache' : 'upstream'}
      />
      <span class="quiet size">
        {size === undefined || isWhole ? bytes(size ?? done) : words.done(bytes(done), bytes(size))}
      </span>
      <Mark tone={TONES[state]} {...(state === 'fetching' ? { icon: 'download' as const } : {})}>
        {words.state[state]}
      </Mark>
    </li>
  )
}

function Folded({ layers }: { layers: readonly LiveLayer[] }) {
  if (layers.length === 0) return null
  return (
    <details>
      <summary>{w().activity.live.folded(layers.length)}</summary>
      <Layers layers={layers} />
    </details>
  )
}
