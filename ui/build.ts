import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
  for (const file of filesIn(DIST)) if (TEXT.has(extname(file))) compress(file)
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
  const sources = [join(UI, 'src'), join(UI, 'public')].filter(existsSync).flatMap(filesIn)
  const others = ['index.html', 'vite.config.ts'].map((file) => join(UI, file)).filter(existsSync)
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
