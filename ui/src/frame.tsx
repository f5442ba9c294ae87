import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { basket } from './basket.ts'
import { isConnected } from './live.ts'
import { Icon, type IconName } from './parts/icon.tsx'
import { searchPlace } from './parts/place.ts'
import { go, href, path } from './router.ts'
import { logOut, may, session } from './session.ts'
import { type Theme, theme } from './theme.ts'
import { LANGUAGES, language, useLanguage, w } from './words/words.ts'

type Place =
  | 'overview'
  | 'images'
  | 'files'
  | 'discover'
  | 'cleanup'
  | 'activity'
  | 'upstreams'
  | 'setup'
  | 'settings'

const PLACES: readonly { readonly id: Place; readonly to: string; readonly role?: 'operator' | 'admin' }[] = [
  { id: 'overview', to: '/' },
  { id: 'images', to: '/images' },
  { id: 'files', to: '/files' },
  { id: 'discover', to: '/discover' },
  { id: 'cleanup', to: '/cleanup', role: 'operator' },
  { id: 'activity', to: '/activity' },
  { id: 'upstreams', to: '/upstreams' },
  { id: 'setup', to: '/setup' },
  { id: 'settings', to: '/settings' },
]

/** The sign of the page is written into its document. */
const SIGN = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href

/** What stands around every page: where to go, what to look for, who is there. */
export function Frame({ children }: { children: ComponentChildren }) {
  const { common } = w()
  const isKnown = session.value?.user !== undefined
  return (
    <div class={isKnown ? 'frame' : 'frame alone'}>
      <a class="skip" href="#content">
        {common.skip}
      </a>
      <header class="top">
        <a class="brand" href={isKnown ? href('/') : '/'}>
          <img src={SIGN} alt="" width={24} height={24} />
          <span>{common.appName}</span>
        </a>
        {isKnown && <Search />}
        <Choices />
        <Account />
      </header>
      {isKnown && <Rail />}
      <main id="content" tabIndex={-1}>
        {!isConnected.value && (
          <p class="banner warn" role="status">
            <Icon name="warn" /> {common.lost}
          </p>
        )}
        {children}
      </main>
    </div>
  )
}

function Rail() {
  const { common } = w()
  const { nav } = common
  return (
    <nav class="rail" aria-label={nav.label}>
      <ul>
        {PLACES.filter(({ role }) => role === undefined || may(role)).map(({ id, to }) => (
          <li key={id}>
            <a href={href(to)} {...(isAt(to) ? { 'aria-current': 'page' as const } : {})}>
              {/* The names of places are those of their icons. */}
              <Icon name={id satisfies IconName} size={20} />
              <span>{nav[id]}</span>
              {id === 'discover' && basket.value.length > 0 && (
                <b title={common.pack}>{basket.value.length}</b>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function isAt(to: string): boolean {
  return to === '/' ? path.value === '/' : path.value === to || path.value.startsWith(`${to}/`)
}

function Search() {
  const text = useSignal('')
  return (
    <form
      role="search"
      class="search"
      onSubmit={(event) => {
        event.preventDefault()
        go(searchPlace(text.value))
      }}
    >
      <Icon name="search" />
      <input
        type="search"
        id="search"
        placeholder={w().common.searchHint}
        aria-label={w().common.searchHint}
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  )
}

function Choices() {
  const { common } = w()
  return (
    <div class="choices">
      <label title={common.language}>
        <Icon name="globe" />
        <span class="unseen">{common.language}</span>
        <select
          value={language.value}
          onChange={(event) => void useLanguage(event.currentTarget.value === 'zh' ? 'zh' : 'en')}
        >
          {LANGUAGES.map(({ id, name, tag }) => (
            <option key={id} value={id} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label title={common.theme}>
        <Icon name="sun" />
        <span class="unseen">{common.theme}</span>
        {/* The options are the themes there are. */}
        <select value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
          {(['auto', 'light', 'dark'] as const).map((one) => (
            <option key={one} value={one}>
              {common.themes[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

function Account() {
  const { common } = w()
  const user = session.value?.user
  if (user === undefined)
    return path.value === '/home' || path.value === '/setup' ? (
      <a class="button" href={href('/')}>
        {common.logIn}
      </a>
    ) : null
  return (
    <div class="account">
      <span title={user.role}>
        <Icon name="user" /> {user.name}
      </span>
      <button type="button" class="ghost" onClick={() => void logOut().then(() => go('/home'))}>
        {common.logOut}
      </button>
    </div>
  )
}
