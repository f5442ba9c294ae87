import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../../api.ts'
import { hintFor, wordsFor } from '../../parts/problem.tsx'
import { Name } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import { Lines } from './lines.tsx'

/** So that not every letter is a request. */
const PAUSE_MS = 250

/** Turns what somebody has into what to type here. The text stands in the address, so that it can be sent along. */
export function Converter() {
  const words = w().home.convert
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
    <section class="converter" aria-labelledby="home-convert">
      <h2 id="home-convert">{words.title}</h2>
      <label class="stack">
        <span class="quiet">{words.label}</span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={2000}
          placeholder={words.example}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <div aria-live="polite">{asked.value !== '' && <Result text={asked.value} />}</div>
      <p class="quiet">{words.hint}</p>
    </section>
  )
}

function Result({ text }: { readonly text: string }) {
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
      <p>
        <span class="quiet">{w().home.convert.result}</span>{' '}
        <strong>
          <Name text={data.name} />
        </strong>
      </p>
      <Lines lines={data.lines} />
    </div>
  )
}
