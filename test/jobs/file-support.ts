import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { eventually } from '../e2e/support.ts'
import { type FileLab, startFileLab } from '../support/file-lab.ts'
import { apiOf, last } from './support.ts'

export const MODULE = 'example.com/mod'
export const MODEL = 'models/org/model'

/** Names of some files of every kind, as they are pinned and listed. */
export interface Filled {
  readonly version: string
  /** A small and a large file of one commit. */
  readonly config: string
  readonly weights: string
  readonly release: string
  readonly branchFile: string
  readonly mirror: string
  /** Undefined without git. */
  readonly commit: string
}

export async function get({ cache }: Pick<FileLab, 'cache'>, path: string): Promise<string> {
  const { status, headers } = await cache.fetch(path, { lint: false })
  assert.equal(status, 200, path)
  return String(headers['x-cache'])
}

/** Fetches files of every kind as clients do, and the mirror of a repository where git is there. */
export async function fill(lab: FileLab, { withMirror = true } = {}): Promise<Filled> {
  const { go, github, hf, git, gitHost, cache } = lab
  go.publish({ module: MODULE, version: 'v1.0.0', files: { 'random.txt': randomBytes(20_000) } })
  for (const path of ['@v/list', '@v/v1.0.0.info', '@v/v1.0.0.mod', '@v/v1.0.0.zip'])
    await get(lab, `/go/${MODULE}/${path}`)
  const commit = hf.publish(MODEL, {
    'config.json': '{"a": 1}',
    'model.safetensors': { large: randomBytes(90_000) },
  })
  for (const file of ['config.json', 'model.safetensors'])
    await get(lab, `/hf/org/model/resolve/main/${file}`)
  github.release('owner/repo', 'v1', 'tool.tgz', randomBytes(50_000))
  await get(lab, '/https://github.com/owner/repo/releases/download/v1/tool.tgz')
  github.raw('owner/repo/main/README.md', 'read me')
  await get(lab, '/https://raw.githubusercontent.com/owner/repo/main/README.md')
  if (withMirror) {
    const repo = await git.create('owner/repo')
    await repo.commit({ 'random.txt': randomBytes(30_000).toString('hex') })
    await last(apiOf(cache).stream('/fetch', { names: [`git:${gitHost}/owner/repo`], platforms: [] }))
  }
  await settled(lab)
  return {
    version: `go:${MODULE}@v1.0.0`,
    config: `hf:org/model/${commit}/config.json`,
    weights: `hf:org/model/${commit}/model.safetensors`,
    release: 'github:owner/repo/releases/download/v1/tool.tgz',
    branchFile: 'github:owner/repo/raw/main/README.md',
    mirror: `git:${gitHost}/owner/repo`,
    commit,
  }
}

/** Nothing is landing any more. */
export async function settled({ cache }: Pick<FileLab, 'cache'>): Promise<void> {
  await eventually(
    'nothing is landing',
    async () => (await apiOf(cache).get('/stats', {})).disk.reserved === 0,
  )
}

/** Which of these names are in the cache, the mirrors among them as their folders say. */
export async function here({ cache }: Pick<FileLab, 'cache'>, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    const { cached } = await apiOf(cache).get('/lookup', { name })
    if (cached !== 'no') found.push(name)
  }
  return found
}

export { type FileLab, startFileLab }
