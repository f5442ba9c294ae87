import { type Tab, Tabs } from '../../parts/tabs.tsx'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { About } from './about.tsx'
import { Appearance } from './appearance.tsx'
import { Configuration } from './configuration.tsx'
import { Keys } from './keys.tsx'
import { Password } from './password.tsx'
import './settings.css'
import { Tokens } from './tokens.tsx'
import { Users } from './users.tsx'

/** What is set, who may come in, and how this page looks. */
export default function Settings() {
  const words = w().settings
  const { tabs } = words
  const user = session.value?.user?.name ?? ''
  const admins: readonly Tab[] = [
    { id: 'config', title: tabs.config, role: 'admin', content: () => <Configuration /> },
    { id: 'users', title: tabs.users, role: 'admin', content: () => <Users /> },
    { id: 'keys', title: tabs.keys, role: 'admin', content: () => <Keys /> },
  ]
  const everybody: readonly Tab[] = [
    { id: 'tokens', title: tabs.tokens, content: () => <Tokens user={user} /> },
    { id: 'password', title: w().session.password, content: () => <Password user={user} /> },
    { id: 'appearance', title: tabs.appearance, content: () => <Appearance /> },
    { id: 'about', title: tabs.about, content: () => <About /> },
  ]
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{words.title}</h1>
      <Tabs label={tabs.label} tabs={[...admins, ...everybody]} />
    </div>
  )
}
