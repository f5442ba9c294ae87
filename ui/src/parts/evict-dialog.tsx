import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { BoundPreview, Evicted } from '../../../src/api/contract-evict.ts'
import type { FileKind } from '../../../src/api/contract-files.ts'
import { ask } from '../api.ts'
import { bytes } from '../format.ts'
import { asFailure, useResource } from '../resource.ts'
import { w } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { EvictFacts } from './evict-dialog-facts.tsx'
import { Problem, wordsFor } from './problem.tsx'
import './selection.css'
import { Skeleton } from './small.tsx'
import { toast } from './toasts.tsx'

/** What is to be evicted: names (images, repositories, globs), a filter, and names that stay. */
export interface EvictAsk {
  readonly names: readonly string[]
  readonly filter?: string
  readonly exclude?: readonly string[]
  /** Tags were chosen rather than images. */
  readonly tagsOnly?: boolean
  /** Files and repositories of git rather than images, and those of one kind alone. */
  readonly of?: 'files'
  readonly kind?: FileKind
}

interface EvictDialogProps {
  readonly asked: EvictAsk
  readonly onClose: () => void
  /** Something was evicted, or is back. */
  readonly onDone: () => void
}

interface Looked {
  readonly preview: BoundPreview
  /** Bytes of everything cached. */
  readonly used: number
}

/** Says what an eviction takes away before it can be confirmed. */
export function EvictDialog({ asked, onClose, onDone }: EvictDialogProps) {
  const words = w().evict
  const withGone = useSignal(false)
  const scope = useSignal<'images' | 'tags'>(asked.tagsOnly === true ? 'tags' : 'images')
  // Once it made a difference it can be taken back.
  const canScope = useRef(false)
  const mode = useSignal<'undo' | 'now'>('undo')
  const typed = useSignal('')
  const isBusy = useSignal(false)
  const failure = useSignal<ReturnType<typeof asFailure> | undefined>(undefined)
  const looked = useResource(JSON.stringify([asked, withGone.value, scope.value]), (signal) =>
    look({ ...asked, tagsOnly: scope.peek() === 'tags', includeGone: withGone.peek() }, signal),
  )
  const cancel = useRef<HTMLButtonElement>(null)
  useEffect(() => cancel.current?.focus(), [])

  const { data } = looked
  const count = data === undefined ? 0 : data.preview.count
  const alone = data === undefined ? 0 : data.preview.namesOnly.length
  if (alone + (data?.preview.alsoTags.length ?? 0) > 0) canScope.current = true
  const isHalf = data !== undefined && data.preview.frees * 2 > data.used && data.used > 0
  const asksPhrase = count > 0 && (isHalf || (withGone.value && (data?.preview.gone.length ?? 0) > 0))
  const phrase = words.phrase(count)
  const areFiles = asked.of === 'files'
  const what = areFiles ? words.things(0, 0, count) : words.things(count, alone, 0)
  const mayRun =
    data !== undefined &&
    count + alone > 0 &&
    !looked.isLoading &&
    !isBusy.value &&
    (!asksPhrase || typed.value.trim() === phrase)

  const run = async (): Promise<void> => {
    if (data === undefined) return
    isBusy.value = true
    failure.value = undefined
    try {
      const { previewId } = data.preview
      sayDone(
        await ask('POST /evict', { previewId, mode: mode.value, includeGone: withGone.value }),
        mode.value,
        onDone,
      )
      onClose()
      onDone()
    } catch (error) {
      failure.value = asFailure(error)
      isBusy.value = false
      looked.reload()
    }
  }

  return (
    <Dialog title={data === undefined ? words.titleUnknown : words.title(what)} onClose={onClose}>
      <div class="evict">
        {looked.failure !== undefined && <Problem failure={looked.failure} retry={looked.reload} />}
        {data === undefined && looked.failure === undefined && <Skeleton lines={5} />}
        {data !== undefined && (
          <>
            <EvictFacts preview={data.preview} withGone={withGone} />
            {canScope.current && (
              <Options legend={words.scope} name="evict-scope" words={words.scopes} value={scope} />
            )}
            <Options
              legend={words.mode}
              name="evict-mode"
              words={{ undo: words.undo, now: words.now }}
              value={mode}
            />
          </>
        )}
        {asksPhrase && <Phrase phrase={phrase} why={isHalf ? words.whole : undefined} typed={typed} />}
        {failure.value !== undefined && <Problem failure={failure.value} />}
      </div>
      <footer>
        <button ref={cancel} type="button" onClick={onClose}>
          {w().common.cancel}
        </button>
        <button type="button" class="danger" disabled={!mayRun} onClick={() => void run()}>
          {isBusy.value ? words.evicting : words.confirm(what)}
        </button>
      </footer>
    </Dialog>
  )
}

interface PhraseProps {
  readonly phrase: string
  readonly why: string | undefined
  readonly typed: Signal<string>
}

function Phrase({ phrase, why, typed }: PhraseProps) {
  return (
    <label class="evict-phrase">
      {why !== undefined && <strong>{why}</strong>}
      <span>{w().evict.type(phrase)}</span>
      <input
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
    </label>
  )
}

interface LookAsk extends EvictAsk {
  /** They only count once they were asked for: then the numbers are those of what would really go. */
  readonly includeGone: boolean
}

async function look(asked: LookAsk, signal: AbortSignal): Promise<Looked> {
  const [preview, stats] = await Promise.all([
    ask('POST /selection', asked, signal),
    ask('GET /stats', {}, signal),
  ])
  return { preview, used: stats.disk.used }
}

interface OptionsProps<T extends string> {
  readonly legend: string
  readonly name: string
  readonly words: Readonly<Record<T, string>>
  readonly value: Signal<T>
}

function Options<T extends string>({ legend, name, words, value }: OptionsProps<T>) {
  // The keys of a record of T are T.
  const keys = Object.keys(words) as T[]
  return (
    <fieldset>
      <legend>{legend}</legend>
      {keys.map((key) => (
        <label key={key} class="option">
          <input
            type="radio"
            name={name}
            checked={value.value === key}
            onChange={() => (value.value = key)}
          />
          {words[key]}
        </label>
      ))}
    </fieldset>
  )
}

function sayDone(eviction: Evicted, mode: 'undo' | 'now', onDone: () => void): void {
  const words = w().evict
  const { id, images, files, namesOnly } = eviction
  const what = words.things(images, namesOnly, files)
  const size = bytes(eviction.bytes)
  if (eviction.left.length > 0) toast(words.leftOver(eviction.left.length))
  const isFinal = mode === 'now' || eviction.undoUntil === undefined
  if (isFinal)
    return toast(images + files === 0 && namesOnly > 0 ? words.doneTags(what) : words.doneNow(what, size))
  const undo = async (): Promise<void> => {
    try {
      const back = await ask('POST /undo', { id })
      const count = back.images + back.files + namesOnly
      toast(words.undone(words.things(back.images, namesOnly, back.files), count))
      onDone()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    }
  }
  toast(images + files === 0 ? words.doneTags(what) : words.doneUndo(what, size), {
    action: { label: words.undoNow, run: () => void undo() },
  })
}
