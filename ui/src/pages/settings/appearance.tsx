import { areShortcutsOn } from '../../keys.ts'
import { type Theme, theme } from '../../theme.ts'
import { LANGUAGES, language, useLanguage, w } from '../../words/words.ts'

const THEMES: readonly Theme[] = ['auto', 'light', 'dark']

/** How the console looks and listens, in this browser. */
export function Appearance() {
  const { common, settings } = w()
  const words = settings.appearance
  return (
    <div class="stack">
      <p class="quiet">{words.lead}</p>
      <fieldset class="choice">
        <legend>{common.language}</legend>
        {LANGUAGES.map(({ id, name, tag }) => (
          <label key={id} class="row" lang={tag}>
            <input
              type="radio"
              name="language"
              checked={language.value === id}
              onChange={() => void useLanguage(id)}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <fieldset class="choice">
        <legend>{common.theme}</legend>
        {THEMES.map((one) => (
          <label key={one} class="row">
            <input
              type="radio"
              name="theme"
              checked={theme.value === one}
              onChange={() => (theme.value = one)}
            />
            {common.themes[one]}
          </label>
        ))}
      </fieldset>
      <fieldset class="choice">
        <legend>{common.shortcuts}</legend>
        <label class="row">
          <input
            type="checkbox"
            checked={areShortcutsOn.value}
            aria-describedby="shortcuts-hint"
            onChange={(event) => (areShortcutsOn.value = event.currentTarget.checked)}
          />
          {words.shortcuts}
        </label>
        <p class="quiet" id="shortcuts-hint">
          {words.shortcutsHint}
        </p>
      </fieldset>
    </div>
  )
}
