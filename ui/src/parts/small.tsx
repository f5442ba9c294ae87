import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { ago, bytes, exactBytes, moment, shortDigest } from '../format.ts'
import { w } from '../words/words.ts'
import { Icon, type IconName } from './icon.tsx'
import { announce } from './toasts.tsx'

/** A size that people read, with the exact one for those who ask. */
export function Bytes({ n }: { n: number }) {
  return <span title={exactBytes(n)}>{bytes(n)}</span>
}

/** A time as people say it; milliseconds since the epoch, 0: never. */
export function Ago({ at }: { at: number }) {
  return at === 0 ? (
    <>{w().common.never}</>
  ) : (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {ago(at)}
    </time>
  )
}

export function Digest({ text }: { text: string }) {
  return (
    <span class="digest">
      <code title={text}>{shortDigest(text)}</code>
      <Copy text={text} what={w().common.terms.digest} />
    </span>
  )
}

/** A name that breaks at its slashes rather than anywhere. */
export function Name({ text }: { text: string }) {
  return (
    <span class="name">
      {text.split('/').flatMap((part, i) => (i === 0 ? [part] : ['/', <wbr />, part]))}
    </span>
  )
}

/** Copies; says so to eyes and ears. */
export function Copy({ text, what }: { text: string; what: string }) {
  const done = useSignal(false)
  const { copy, copied } = w().common
  const run = async (): Promise<void> => {
    await copyText(text)
    done.value = true
    announce(copied)
    setTimeout(() => (done.value = false), 1500)
  }
  return (
    <button
      type="button"
      class="ghost"
      title={copy}
      aria-label={`${copy}: ${what}`}
      onClick={() => void run()}
    >
      <Icon name={done.value ? 'check' : 'copy'} />
    </button>
  )
}

/** Over plain http browsers have no clipboard but the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** Text to be copied as a whole. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div class="snippet">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Copy text={text} what={label} />
    </div>
  )
}

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'plain'
const TONES: Record<Tone, IconName> = { ok: 'ok', warn: 'warn', bad: 'fail', info: 'info', plain: 'absent' }

/** A state: shape, word and colour together. */
export function Mark({ tone, icon, children }: { tone: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`mark ${tone}`}>
      <Icon name={icon ?? TONES[tone]} />
      <span>{children}</span>
    </span>
  )
}

/** How full something is. `marks` are shares with a word. */
export function Meter({
  value,
  max,
  label,
  tone = 'plain',
}: {
  value: number
  max: number
  label: string
  tone?: Tone
}) {
  return <meter class={`meter ${tone}`} value={value} min={0} max={max === 0 ? 1 : max} aria-label={label} />
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div class="skeleton" role="status" aria-label={w().common.loading}>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} />
      ))}
    </div>
  )
}

/** Nothing to show: why, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{title}</p>
      {children}
    </div>
  )
}
