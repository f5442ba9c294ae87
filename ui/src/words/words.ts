import { signal } from '@preact/signals'
import type { EN } from './en.ts'
import { en } from './en.ts'

export type Language = 'en' | 'zh'
export type Words = EN

export const LANGUAGES: readonly { readonly id: Language; readonly name: string; readonly tag: string }[] = [
  { id: 'en', name: 'English', tag: 'en' },
  { id: 'zh', name: '简体中文', tag: 'zh-CN' },
]

const STORED = 'cachalot.language'

export const language = signal<Language>('en')
const words = signal<Words>(en)

/** Everything the page says, in the language of its reader. */
export function w(): Words {
  return words.value
}

/** Chooses the language: the one chosen before, else the browser's. Settles once its words are here. */
export async function startLanguage(): Promise<void> {
  await useLanguage(stored() ?? preferred(), false)
}

export async function useLanguage(next: Language, isChosen = true): Promise<void> {
  words.value = next === 'zh' ? (await import('./zh.ts')).zh : en
  language.value = next
  document.documentElement.lang = tagOf(next)
  if (isChosen) store(next)
}

export function tagOf(id: Language): string {
  return id === 'zh' ? 'zh-CN' : 'en'
}

function preferred(): Language {
  const first = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))
  return first?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en'
}

/** Storage may be switched off. */
function stored(): Language | undefined {
  try {
    const text = localStorage.getItem(STORED)
    return text === 'zh' || text === 'en' ? text : undefined
  } catch {
    return undefined
  }
}

function store(next: Language): void {
  try {
    localStorage.setItem(STORED, next)
  } catch {
    // Then it is chosen for this visit only.
  }
}
