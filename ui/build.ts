import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { build as Build } from 'vite'

/**
 * Builds the console into ui/dist, compressed beside the plain files. `--if-stale`: only where it is missing or older
 * than its sources, and where it cannot be built (an image holds it built, without the tools) what is there is kept.
 */
const UI = import.meta.dirname
const DIST = join(UI, 'dist')
const TEXT = new Set(['.html', '.js', '.css', '.svg', '.json'])

async function main(): Promise<void> {
  const isOptional = process.argv.includes('--if-stale')
  if (isOptional && !isStale()) return
  const build = await builder()
  if (build === undefined) {
    console.error('the console is not built, and vite is not here to build it: npm ci && npm run build')
    // The registry works without it.
    process.exitCode = isOptional ? 0 : 1
    return
  }
  await build({ configFile: join(UI, 'vite.config.ts'), logLevel: isOptional ? 'error' : 'info' })
  inlineStyles()
  for (const file of filesIn(DIST)) if (TEXT.has(extname(file))) compress(file)
}

/** Who opens the page of set-up without scripts is led to the one that has none. */
const LED = '<noscript><meta http-equiv="refresh" content="0; url=/setup"></noscript>'

/**
 * The styles that every page begins with go into the document, which saves the first view a request; the server names
 * their hash in its policy. What the pages bring stays in files of its own.
 */
function inlineStyles(): void {
  const index = join(DIST, 'index.html')
  const html = readFileSync(index, 'utf8')
  const [link, styles] = named(html, /<link rel="stylesheet"[^>]* href="\/ui\/([^"]+)">/)
  const [, script] = named(html, /<script [^>]*src="\/ui\/([^"]+)">/)
  const css = readFileSync(join(DIST, styles), 'utf8').trim()
  if (css.includes('</')) throw new Error('the styles cannot stand in a document')
  rmSync(join(DIST, styles))
  for (const file of filesIn(DIST).filter((one) => one.endsWith('.js'))) forget(file, styles, script)
  // A function: the styles may hold a dollar sign.
  const page = html.replace(link, () => `<style>${css}</style>`)
  writeFileSync(index, page)
  writeFileSync(
    join(DIST, 'setup.html'),
    page.replace('</head>', () => `${LED}</head>`),
  )
}

function named(html: string, pattern: RegExp): readonly [string, string] {
  const [whole, path] = pattern.exec(html) ?? []
  if (whole === undefined || path === undefined) throw new Error(`the document has no ${pattern.source}`)
  return [whole, path]
}

/** Parts of parts list the styles as something to load before them; the script, which is there already, stands in. */
function forget(file: string, styles: string, script: string): void {
  const code = readFileSync(file, 'utf8')
  if (code.includes(styles)) writeFileSync(file, code.replaceAll(styles, script))
}

async function builder(): Promise<typeof Build | undefined> {
  try {
    return (await import('vite')).build
  } catch {
    return undefined
  }
}

function isStale(): boolean {
  const index = join(DIST, 'index.html')
  if (!existsSync(index)) return true
  const built = statSync(index).mtimeMs
  const sources = [join(UI, 'src')].filter(existsSync).flatMap(filesIn)
  const others = ['index.html', 'sign.svg', 'vite.config.ts', 'build.ts']
    .map((file) => join(UI, file))
    .filter(existsSync)
  return [...sources, ...others].some((file) => statSync(file).mtimeMs > built)
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function compress(file: string): void {
  const bytes = readFileSync(file)
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(
    `${file}.br`,
    brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  )
}

await main()
