import type { Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Bytes, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import type { GoalForm } from './goal.ts'

/** Platforms that are cached; those without a tick go. */
export function PlatformFields({ form }: { form: Signal<GoalForm> }) {
  const words = w().cleanup.free
  const { data, failure, reload } = useResource('', (signal) => ask('GET /gc/platforms', {}, signal))
  useEffect(() => {
    if (data !== undefined)
      form.value = { ...form.peek(), platforms: data.items.map(({ platform }) => platform) }
  }, [data])
  if (failure !== undefined) return <Problem failure={failure} retry={reload} />
  if (data === undefined) return <Skeleton lines={2} />
  const { drop } = form.value
  if (data.items.length < 2) return <small class="quiet">{words.onePlatform}</small>
  return (
    <fieldset class="platforms">
      <legend>{words.keep}</legend>
      {data.items.map(({ platform, total }) => (
        <label key={platform} class="option">
          <input
            type="checkbox"
            checked={!drop.includes(platform)}
            onChange={(event) => {
              const others = drop.filter((one) => one !== platform)
              form.value = {
                ...form.value,
                drop: event.currentTarget.checked ? others : [...others, platform],
              }
            }}
          />
          {platform}
          <span class="quiet">
            <Bytes n={total} />
          </span>
        </label>
      ))}
    </fieldset>
  )
}
