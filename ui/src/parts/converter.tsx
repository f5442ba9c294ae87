import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Converted } from '../../../src/api/contract-setup.ts'
import { ask } from '../api.ts'
import { bytes } from '../format.ts'
import { useResource } from '../resource.ts'
import { query, setQuery } from '../router.ts'
import { may, session } from '../session.ts'
import { w } from '../words/words.ts'
import './converter.css'
import { FetchButton } from './fetch-button.tsx'
import { Lines } from './lines.tsx'
import { fileHref, imageHref } from './place.ts'
import { hintFor, wordsFor } from './problem.tsx'
import { Copy, Mark, Name } from './small.tsx'

/** So that not every letter is a request. */
const PAUSE_MS = 250

interface ConverterProps {
  readonly label: string
  readonly example: string
  readonly onFetched?: () => void
}

/** Turns what somebody has into what to type here. The text stands in the address, so that it can be sent along. */
export function Converter({ label, example, onFetched }: ConverterProps) {
  const text = useSignal(query.peek().get('text') ?? '')
  const asked = useSignal(text.peek().trim())
  useEffect(() => {
    const timer = setTimeout(() => {
      if (asked.peek() === text.value.trim()) return
      asked.value = text.value.trim()
      setQuery({ text: asked.peek() })
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text.value])
  return (
    <div class="converter">
      <label class="stack tight">
        <span class="quiet">{label}</span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={2000}
          placeholder={example}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <div aria-live="polite">
        {asked.value !== '' && <Result text={asked.value} onFetched={onFetched} />}
      </div>
    </div>
  )
}

function Result({
  text,
  onFetched,
}: {
  readonly text: string
  readonly onFetched: (() => void) | undefined
}) {
  const { data, failure } = useResource(text, (signal) => ask('GET /convert', { text }, signal))
  if (failure !== undefined)
    return (
      <p role="status">
        {wordsFor(failure)} <span class="quiet">{hintFor(failure)}</span>
      </p>
    )
  if (data === undefined) return null
  return (
    <div class="stack">
      <div class="converted-name">
        <span>
          <span class="quiet">{w().home.convert.result}</span>{' '}
          <strong>
            <Name text={data.url ?? data.name} />
          </strong>
          {data.url !== undefined && <Copy text={data.url} what={w().home.convert.result} />}
        </span>
        {session.value?.user !== undefined && <Here converted={data} onFetched={onFetched} />}
      </div>
      <Lines lines={data.lines} />
    </div>
  )
}

interface HereProps {
  readonly converted: Converted
  readonly onFetched: (() => void) | undefined
}

/** Whether it is cached, and for operators a way to have it so. */
function Here({ converted: { name, kind }, onFetched }: HereProps) {
  const words = w().files
  const { data, reload } = useResource(name, (signal) =>
    ask('GET /lookup', { name }, signal).catch(() => undefined),
  )
  if (data === undefined) return null
  const { cached, here, size } = data
  const mark =
    cached === 'complete' ? (
      <Mark tone="ok">{words.cached(bytes(size))}</Mark>
    ) : cached === 'partial' ? (
      <Mark tone="warn" icon="partial">
        {words.partial(bytes(here), bytes(size))}
      </Mark>
    ) : (
      <Mark tone="plain">{w().common.state.absent}</Mark>
    )
  return (
    <span class="row">
      {cached === 'no' ? mark : <a href={kind === 'image' ? imageHref(name) : fileHref(data.name)}>{mark}</a>}
      {cached !== 'complete' && may('operator') && (
        <FetchButton
          name={name}
          label={words.fetch}
          isSmall
          onDone={() => {
            reload()
            onFetched?.()
          }}
        />
      )}
    </span>
  )
}
