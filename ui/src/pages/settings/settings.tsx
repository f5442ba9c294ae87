import { type Tab, Tabs } from '../../parts/tabs.tsx'
import { may, session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { About } from './about.tsx'
import { Appearance } from './appearance.tsx'
import { Configuration } from './configuration.tsx'
import { Keys } from './keys.tsx'
import './settings.css'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

/** What is set, who may come in, and how this page looks. */
export default function Settings() {
  const words = w().settings
  const { tabs } = words
  const admins: readonly Tab[] = [
    { id: 'config', title: tabs.config, content: () => <Configuration /> },
    { id: 'users', title: tabs.users, content: () => <Users /> },
    { id: 'keys', title: tabs.keys, content: () => <Keys /> },
  ]
  const everybody: readonly Tab[] = [
    { id: 'tokens', title: tabs.tokens, content: () => <Tokens user={session.value?.user?.name ?? ''} /> },
    { id: 'appearance', title: tabs.appearance, content: () => <Appearance /> },
    { id: 'about', title: tabs.about, content: () => <About /> },
  ]
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{words.title}</h1>
      <Tabs label={tabs.label} tabs={may('admin') ? [...admins, ...everybody] : everybody} />
    </div>
  )
}
