import { hash } from 'node:crypto'
import type { SetupWords } from './setup-words.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif }
body { max-width: 24rem; margin: 12vh auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 }
input, button { box-sizing: border-box; width: 100%; padding: .5rem; font: inherit }
.problem { color: light-dark(#a11, #f88) }
`

/** What the page may do: nothing but show itself and send its form back. */
export const SETUP_POLICY =
  `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; form-action 'self'; ` +
  "base-uri 'none'; frame-ancestors 'none'"

interface Form {
  readonly token: string
  readonly name: string
  /** What was wrong with what was sent before. */
  readonly problem: string | undefined
}

export function setupForm(words: SetupWords, { token, name, problem }: Form): string {
  const said = problem === undefined ? '' : `<p class="problem" role="alert">${escape(problem)}</p>`
  return page(
    words,
    words.title,
    `<p>${words.intro}</p>${said}
<form method="post">
<input type="hidden" name="token" value="${escape(token)}">
<label>${words.name}<input name="name" value="${escape(name)}" autocomplete="username" required autofocus></label>
<label>${words.password}<input name="password" type="password" minlength="8" autocomplete="new-password" required>
<small>${words.rule}</small></label>
<button>${words.submit}</button>
</form>`,
  )
}

export function setupNotice(words: SetupWords, kind: 'done' | 'gone'): string {
  return kind === 'done'
    ? page(words, words.doneTitle, `<p>${words.done}</p>`)
    : page(words, words.goneTitle, `<p>${words.gone}</p>`)
}

function page({ lang }: SetupWords, title: string, body: string): string {
  return `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer"><title>${title} · Cachalot</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)
}
