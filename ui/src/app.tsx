import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { Frame } from './frame.tsx'
import { meetHeading, nameWindow } from './heading.ts'
import { opened } from './keys.ts'
import { lazy } from './lazy.tsx'
import OverviewPage from './pages/overview/overview.tsx'
import { TakesRole } from './parts/takes-role.tsx'
import { Toasts } from './parts/toasts.tsx'
import { path } from './router.ts'
import { may, type Role, session } from './session.ts'
import { language, moreWords, w } from './words/words.ts'

interface Page {
  readonly match: RegExp
  /** Whether it is for everybody who may pull. */
  readonly isPublic?: boolean
  /** Others are told so, and the server is asked nothing. */
  readonly role?: Role
  readonly View: ComponentType<{ readonly params: readonly string[] }>
}

/** Each page comes when it is opened. The parts of its path that the pattern names are handed to it. */
const PAGES: readonly Page[] = [
  {
    match: /^\/home$/,
    isPublic: true,
    View: lazy(async () => ({ default: (await import('./pieces/start.ts')).Home }), moreWords),
  },
  {
    match: /^\/setup$/,
    isPublic: true,
    View: lazy(async () => ({ default: (await import('./pieces/start.ts')).Setup })),
  },
  {
    match: /^\/setup-admin$/,
    isPublic: true,
    View: lazy(async () => ({ default: (await import('./pieces/entrance.ts')).FirstAdmin })),
  },
  // With the frame itself: where most begin, one request less.
  { match: /^\/$/, View: OverviewPage },
  { match: /^\/images$/, View: lazy(() => import('./pages/images/images.tsx')) },
  { match: /^\/images\/([^/]+)\/(.+?)([:@][^/]+)$/, View: lazy(() => import('./pages/image/image.tsx')) },
  { match: /^\/images\/([^/]+)\/(.+)$/, View: lazy(() => import('./pages/repository/repository.tsx')) },
  {
    match: /^\/files$/,
    View: lazy(async () => ({ default: (await import('./pieces/goods.ts')).Files }), moreWords),
  },
  {
    match: /^\/files\/file$/,
    View: lazy(async () => ({ default: (await import('./pieces/goods.ts')).File })),
  },
  { match: /^\/discover$/, View: lazy(() => import('./pages/discover/discover.tsx'), moreWords) },
  { match: /^\/cleanup$/, role: 'operator', View: lazy(() => import('./pages/cleanup/cleanup.tsx')) },
  {
    match: /^\/activity$/,
    View: lazy(async () => ({ default: (await import('./pieces/doings.ts')).Activity })),
  },
  { match: /^\/upstreams$/, View: lazy(() => import('./pages/upstreams/upstreams.tsx')) },
  { match: /^\/settings$/, View: lazy(() => import('./pages/settings/settings.tsx')) },
]
const Login = lazy(async () => ({ default: (await import('./pieces/entrance.ts')).Login }))
const Opened = lazy(() => import('./parts/palette.tsx'))

export function App() {
  const found = PAGES.map((page) => ({ page, params: page.match.exec(path.value) })).find(
    ({ params }) => params !== null,
  )
  useEffect(() => meetHeading(), [path.value])
  useEffect(() => void nameWindow(), [language.value])
  const user = session.value?.user
  return (
    <>
      <Frame>
        {found === undefined ? (
          <h1>{w().common.problem.notFoundPage}</h1>
        ) : found.page.role !== undefined && user !== undefined && !may(found.page.role) ? (
          <>
            <h1 tabIndex={-1}>{w().common.nav.cleanup}</h1>
            <TakesRole role={found.page.role} />
          </>
        ) : found.page.isPublic === true || user !== undefined ? (
          <found.page.View key={path.value} params={found.params?.slice(1) ?? []} />
        ) : (
          <Login />
        )}
      </Frame>
      {opened.value !== undefined && <Opened />}
      <Toasts />
    </>
  )
}
