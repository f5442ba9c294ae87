import { useSignal } from '@preact/signals'
import type { PinRow } from '../../../../src/api/contract.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Problem, wordsFor } from '../../parts/problem.tsx'
import { Bytes, Name, Skeleton } from '../../parts/small.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure, useResource } from '../../resource.ts'
import { language, tagOf, w } from '../../words/words.ts'
import { PinForm } from './pin-form.tsx'

/** What is held, why and until when. */
export function Pins({ onChange }: { onChange: () => void }) {
  const words = w().cleanup.pins
  const { data, failure, reload } = useResource('pins', (signal) => ask('GET /pins', {}, signal))
  const changed = (): void => {
    reload()
    onChange()
  }
  return (
    <>
      <p class="quiet">{words.lead}</p>
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      {data === undefined && failure === undefined && <Skeleton lines={2} />}
      {data !== undefined && data.items.length === 0 && <p class="quiet">{words.none}</p>}
      {data !== undefined && data.items.length > 0 && <List pins={data.items} onChange={changed} />}
      <PinForm onAdded={changed} />
    </>
  )
}

function List({ pins, onChange }: { pins: readonly PinRow[]; onChange: () => void }) {
  const { cleanup, common } = w()
  const words = cleanup.pins
  return (
    <PlainTable
      caption={words.title}
      heads={[
        { title: words.match },
        { title: words.reason, class: 'wide' },
        { title: words.until, class: 'wide' },
        { title: words.origin, class: 'wide' },
        { title: words.images, class: 'end wide' },
        { title: words.files, class: 'end wide' },
        { title: words.bytes, class: 'end' },
        { title: common.unpin, isQuiet: true },
      ]}
    >
      {pins.map((pin) => (
        <Line key={pin.match} pin={pin} onChange={onChange} />
      ))}
    </PlainTable>
  )
}

function Line({ pin, onChange }: { pin: PinRow; onChange: () => void }) {
  const { cleanup, common } = w()
  const words = cleanup.pins
  const isBusy = useSignal(false)
  const { match, origin, reason, until, images, files, bytes } = pin
  const remove = async (): Promise<void> => {
    isBusy.value = true
    try {
      await ask('DELETE /pins', { match: [match] })
      toast(words.removed(match))
      onChange()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
      isBusy.value = false
    }
  }
  return (
    <tr>
      <td>
        <code>
          <Name text={match} />
        </code>
      </td>
      <td class="wide">{reason ?? ''}</td>
      <td class="wide">{until === undefined ? <span class="quiet">{words.forever}</span> : dayOf(until)}</td>
      <td class="wide">{words[origin]}</td>
      <td class="end wide">{number(images)}</td>
      <td class="end wide">{number(files)}</td>
      <td class="end">
        <Bytes n={bytes} />
      </td>
      <td class="end">
        <button
          type="button"
          disabled={origin === 'config' || isBusy.value}
          title={origin === 'config' ? words.configHint : undefined}
          aria-label={words.remove(match)}
          onClick={() => void remove()}
        >
          {common.unpin}
        </button>
      </td>
    </tr>
  )
}

function dayOf(at: number): string {
  return new Intl.DateTimeFormat(tagOf(language.value), { dateStyle: 'medium' }).format(at)
}
