import { hash } from 'node:crypto'
import { type Address, urlOf } from './address.ts'
import type { Setup, SetupLanguage } from './setup.ts'
import { en } from './words/en.ts'
import type { PageWords } from './words/words.ts'
import { zh } from './words/zh.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere }
pre { padding: .75rem; overflow-x: auto; border: 1px solid light-dark(#ccc, #555); border-radius: 6px }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .875rem }
pre, code { overflow-wrap: normal }
h2 { margin-top: 2.5rem }
nav a { margin-right: 1rem; display: inline-block; line-height: 2 }
`

/** What the page may do: nothing but show itself. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; img-src data:; ` +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

export interface PageAsk {
  readonly address: Address
  readonly language: SetupLanguage
  /** One client with its scripts, or all of them without. */
  readonly setups: readonly Setup[]
}

/** The set-up of clients as a page without scripts. Everything in it is text. */
export function setupPage({ address, language, setups }: PageAsk): string {
  const words = (language === 'zh' ? zh : en).page
  const [only, ...others] = setups
  const isOne = only !== undefined && others.length === 0
  const body = isOne ? block(only, words) + scripts(only, words) : overview(setups, words)
  const other = language === 'zh' ? ['en', 'English'] : ['zh', '简体中文']
  const back = isOne ? `<a href="/setup?lang=${language}">${escape(words.all)}</a>` : ''
  const kind = isOne ? `&amp;kind=${only.kind}` : ''
  return `<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>${escape(words.title)} · Cachalot</title>
<style>${STYLE}</style></head>
<body><nav>${back}<a href="/setup?lang=${other[0]}${kind}" hreflang="${other[0]}">${other[1]}</a></nav>
<main><h1>${escape(words.title)}</h1>
<p>${escape(words.lead(urlOf(address)))}</p>
<p>${escape(words.more)} <a href="/ui/setup">${escape(words.console)}</a></p>
${body}</main></body></html>
`
}

function overview(setups: readonly Setup[], words: PageWords): string {
  const links = setups.map(({ kind }) => `<a href="#${kind}">${escape(words.clients[kind])}</a>`)
  return `<nav aria-label="${escape(words.all)}">${links.join('\n')}</nav>\n${setups
    .map((setup) => block(setup, words) + toScripts(setup, words))
    .join('')}`
}

function block({ kind, files, steps = [], reload, test, notes }: Setup, words: PageWords): string {
  return `<section id="${kind}"><h2>${escape(words.clients[kind])}</h2>
<h3>${escape(steps.length === 0 ? words.files : words.steps)}</h3>
${steps.map(({ title, text }) => `<p>${escape(title)}</p>\n${pre(text)}`).join('')}${files
  .map(({ path, content }) => `<p><code>${escape(path)}</code></p>\n${pre(content)}`)
  .join('')}${
  reload === undefined ? '' : `<h3>${escape(words.reload)}</h3>\n${pre(reload)}`
}<h3>${escape(words.test)}</h3>
${pre(test)}<h3>${escape(words.notes)}</h3>
<ul>${notes.map(({ text }) => `<li>${escape(text)}</li>`).join('\n')}</ul></section>
`
}

function toScripts({ kind, apply }: Setup, words: PageWords): string {
  if (apply === undefined) return ''
  const text = words.toScripts(words.clients[kind])
  return `<p><a href="/setup?lang=${words.lang.slice(0, 2)}&amp;kind=${kind}">${escape(text)}</a></p>\n`
}

function scripts({ apply, undo }: Setup, words: PageWords): string {
  if (apply === undefined || undo === undefined) return ''
  return `<h3>${escape(words.apply)}</h3>\n${pre(apply)}<h3>${escape(words.undo)}</h3>\n${pre(undo)}`
}

/** Browsers drop a line break right behind the tag. */
function pre(text: string): string {
  return `<pre tabindex="0">\n${escape(text)}</pre>\n`
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
}

/** The language that somebody prefers of those there are (RFC 9110 §12.5.4); the first one named counts. */
export function preferredLanguage(acceptLanguage: string | undefined): SetupLanguage {
  const named = (acceptLanguage ?? '').toLowerCase().split(',')
  const first = named.map((part) => part.trim()).find((part) => /^(?:zh|en)\b/.test(part))
  return first?.startsWith('zh') === true ? 'zh' : 'en'
}
