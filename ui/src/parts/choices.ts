import { opened, PLACES } from '../keys.ts'
import { BASE, go } from '../router.ts'
import { logOut, may, session } from '../session.ts'
import { theme } from '../theme.ts'
import { LANGUAGES, useLanguage, w } from '../words/words.ts'
import { fileHref } from './place.ts'

/** One line of the palette. */
export interface Choice {
  readonly group: 'page' | 'repository' | 'file' | 'action'
  readonly label: string
  readonly run: () => void
}

/** Pages and actions with this text in their names, of those that whoever is here may use. */
export function choicesFor(text: string): readonly Choice[] {
  const wanted = text.trim().toLowerCase()
  return [...pages(), ...actions()].filter(({ label }) => label.toLowerCase().includes(wanted))
}

export function repositoryChoice(name: string): Choice {
  return { group: 'repository', label: name, run: () => go(`/images/${name}`) }
}

export function fileChoice(name: string): Choice {
  return { group: 'file', label: name, run: () => go(fileHref(name).slice(BASE.length)) }
}

function pages(): readonly Choice[] {
  const { common, keys } = w()
  const isKnown = session.value?.user !== undefined
  const own = Object.values(PLACES)
    .filter(({ name }) => (name === 'cleanup' ? may('operator') : isKnown || name === 'setup'))
    .map(({ to, name }) => ({ group: 'page' as const, label: common.nav[name], run: () => go(to) }))
  return [...own, { group: 'page', label: keys.home, run: () => go('/home') }]
}

function actions(): readonly Choice[] {
  const { common, keys } = w()
  const action = (label: string, run: () => void): Choice => ({ group: 'action', label, run })
  const isKnown = session.value?.user !== undefined
  return [
    action(keys.showHelp, () => (opened.value = 'help')),
    ...(['light', 'dark', 'auto'] as const).map((one) =>
      action(keys.setTheme(common.themes[one]), () => (theme.value = one)),
    ),
    ...LANGUAGES.map(({ id, name }) => action(keys.setLanguage(name), () => void useLanguage(id))),
    ...(isKnown ? [action(common.logOut, () => void logOut().then(() => go('/home')))] : []),
  ]
}
