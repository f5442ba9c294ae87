import { hash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { type Clock, SECOND } from '../domain/clock.ts'

/** Looked at no more often than that. */
const LOOK_EVERY = SECOND

export type Coding = 'br' | 'gzip' | 'identity'

/** The bytes of a file in one content coding (RFC 9110 §8.4). */
export interface Form {
  readonly coding: Coding
  readonly body: Buffer
  readonly etag: string
}

export interface ConsoleFile {
  readonly type: string
  /** Its name changes with its content. */
  readonly isHashed: boolean
  /** Smallest first; the last one is `identity`. */
  readonly forms: readonly Form[]
  /** Of the styles that stand in a document, as a policy of contents names them; empty where there are none. */
  readonly styles: readonly string[]
}

/** By path in the folder: "index.html", "assets/main-B1xYz_9q.js". What is not in it cannot be asked for. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

/**
 * The built console, in memory, read again when the folder changed. While it is being built anew it is what it was;
 * undefined as long as it was never there. Never rejects.
 */
export function followConsole(folder: string, clock: Clock): () => Promise<ConsoleFiles | undefined> {
  let files: ConsoleFiles | undefined
  let identity = ''
  let lookedAt = Number.NaN
  let looking: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const before = await identityOf(folder)
    if (before === undefined || before === identity) return
    const read = await readAll(folder)
    // Somebody is still writing: the next look will see all of it.
    if ((await identityOf(folder)) !== before || !read.has('index.html')) return
    files = read
    identity = before
  }
  return async () => {
    // What a look that began earlier saw may be old by now.
    await looking
    const age = clock() - lookedAt
    if (!(age >= 0 && age < LOOK_EVERY) && looking === undefined) {
      lookedAt = clock()
      // A folder that vanishes under it is one that is being built.
      looking = look()
        .catch(() => undefined)
        .finally(() => {
          looking = undefined
        })
    }
    await looking
    return files
  }
}

/** Changes with every file there is; undefined where there is no folder. */
async function identityOf(folder: string): Promise<string | undefined> {
  const names = await namesIn(folder).catch(() => undefined)
  if (names === undefined) return undefined
  const facts = names.map(async (name) => {
    const { ino, size, mtimeNs } = await lstat(join(folder, name), { bigint: true })
    return `${name} ${ino} ${size} ${mtimeNs}`
  })
  return (await Promise.all(facts)).join('\n')
}

/** Plain files in plain folders: a link could lead away, and Node's own way through a tree follows it. */
async function namesIn(folder: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const lists = entries.map(async (entry) => {
    const name = `${below}${entry.name}`
    if (entry.isDirectory()) return await namesIn(folder, `${name}/`)
    return entry.isFile() ? [name] : []
  })
  return (await Promise.all(lists)).flat().toSorted()
}

const PACKED: readonly { readonly coding: Coding; readonly suffix: string }[] = [
  { coding: 'br', suffix: '.br' },
  { coding: 'gzip', suffix: '.gz' },
]

interface Read {
  readonly body: Buffer
  readonly writtenAt: number
}

async function readAll(folder: string): Promise<ConsoleFiles> {
  const read = new Map<string, Read>()
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    const { mtimeMs: writtenAt } = await lstat(path)
    read.set(name, { body: await readFile(path), writtenAt })
  }
  const files = new Map<string, ConsoleFile>()
  for (const [name, plain] of read) {
    if (PACKED.some(({ suffix }) => name.endsWith(suffix))) continue
    const [type, isHashed, forms] = [typeOf(name), HASHED.test(name), formsOf(name, plain, read)]
    files.set(name, { type, isHashed, forms, styles: name.endsWith('.html') ? stylesIn(plain.body) : [] })
  }
  return files
}

function stylesIn(html: Buffer): readonly string[] {
  const found = html.toString('utf8').matchAll(/<style>([^]*?)<\/style>/g)
  return [...found].map(([, text = '']) => `'sha256-${hash('sha256', text, 'base64')}'`)
}

function formsOf(name: string, plain: Read, read: ReadonlyMap<string, Read>): readonly Form[] {
  const mark = hash('sha256', plain.body, 'base64url').slice(0, 22)
  const forms: Form[] = [{ coding: 'identity', body: plain.body, etag: `"${mark}"` }]
  for (const { coding, suffix } of PACKED) {
    const packed = read.get(name + suffix)
    // One that is older than the file itself was left over by another build.
    if (packed === undefined || packed.writtenAt < plain.writtenAt) continue
    if (packed.body.length < plain.body.length)
      forms.push({ coding, body: packed.body, etag: `"${mark}-${coding}"` })
  }
  return forms.toSorted((a, b) => a.body.length - b.body.length)
}

/** As Vite names them. */
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
}

function typeOf(name: string): string {
  return TYPES[extname(name)] ?? 'application/octet-stream'
}
