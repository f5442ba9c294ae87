import { signal } from '@preact/signals'
import type { EN } from './en.ts'
import type { EnMore } from './en-more.ts'
import type { ServerWords } from './errors.ts'

export type Language = 'en' | 'zh'
export type Words = EN & EnMore

export const LANGUAGES: readonly { readonly id: Language; readonly name: string; readonly tag: string }[] = [
  { id: 'en', name: 'English', tag: 'en' },
  { id: 'zh', name: '简体中文', tag: 'zh-CN' },
]

const STORED = 'cachalot.language'

export const language = signal<Language>('en')
const words = signal<Words | undefined>(undefined)
const server = signal<ServerWords | undefined>(undefined)

/**
 * Everything the page says, in the language of its reader. Not to be called before `startLanguage` has settled, nor for
 * what is said by fewer pages before `moreWords` has.
 */
export function w(): Words {
  if (words.value === undefined) throw new Error('there are no words yet')
  return words.value
}

/** What the server says, in the reader's language; undefined where that is its own, and as long as they are not here. */
export function serverWords(): ServerWords | undefined {
  if (language.value === 'en') return undefined
  if (server.value === undefined) void loadServerWords()
  return server.value
}

/** Brings the words for what goes wrong, which few visits need; settles when they are here or cannot be had. */
export async function loadServerWords(): Promise<void> {
  if (language.peek() === 'en' || server.peek() !== undefined) return
  const loaded = await import('./zh/errors.ts').catch(() => undefined)
  server.value = loaded?.errors
}

/** Chooses the language: the one chosen before, else the browser's. Settles once its words are here. */
export async function startLanguage(): Promise<void> {
  const first = stored() ?? preferred()
  // A page in the other language is better than none.
  await useLanguage(first, false).catch(() => useLanguage(first === 'en' ? 'zh' : 'en', false))
}

export async function useLanguage(next: Language, isChosen = true): Promise<void> {
  wanted = next
  try {
    await load()
  } catch (error) {
    wanted = language.peek()
    throw error
  }
  if (isChosen) store(next)
}

/** Brings the words of pages that most visits do not open; settles when they are here. */
export async function moreWords(): Promise<void> {
  wantsMore = true
  await load()
}

/** Words of pages that most visits do not open are brought with the first of them. */
let wantsMore = false
let wanted: Language = 'en'

async function load(): Promise<void> {
  const next = wanted
  const isZh = next === 'zh'
  const more = wantsMore ? (isZh ? import('./zh-more.ts') : import('./en-more.ts')) : undefined
  const first = isZh ? import('./zh.ts').then(({ zh }) => zh) : import('./en.ts').then(({ en }) => en)
  const [some, others] = await Promise.all([first, more])
  // Another language was chosen meanwhile.
  if (next !== wanted) return await load()
  // Who asks for words that are not here yet broke the rule of `w`.
  words.value = { ...some, ...others?.more } as Words
  language.value = next
  document.documentElement.lang = tagOf(next)
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
