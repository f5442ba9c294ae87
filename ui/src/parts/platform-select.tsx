import type { Signal } from '@preact/signals'
import { w } from '../words/words.ts'

/** Besides that of the server, and all. */
const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386', 'linux/riscv64']

/** "" is the server's own platform, "all" is every one. */
export function PlatformSelect({
  value,
  offers = PLATFORMS,
}: {
  value: Signal<string>
  offers?: readonly string[]
}) {
  const { common, images } = w()
  const words = images.repository
  return (
    <label class="field">
      <span>{common.terms.platform}</span>
      <select value={value.value} onChange={(event) => (value.value = event.currentTarget.value)}>
        <option value="">{words.ownPlatform}</option>
        {offers.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
        <option value="all">{words.allPlatforms}</option>
      </select>
    </label>
  )
}
