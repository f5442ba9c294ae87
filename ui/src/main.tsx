import { render } from 'preact'
import { App } from './app.tsx'
import { loadSession } from './session.ts'
import './styles/base.css'
import './styles/frame.css'
import './styles/parts.css'
import { startTheme } from './theme.ts'
import { startLanguage } from './words/words.ts'

const root = document.getElementById('app')
startTheme()
// Without a session everything that is public still works.
await Promise.all([startLanguage(), loadSession().catch(() => undefined)])
if (root !== null) render(<App />, root)
