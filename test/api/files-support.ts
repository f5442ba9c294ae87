import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Page } from '../../src/api/contract.ts'
import type { BoundPreview, Evicted, Selection } from '../../src/api/contract-evict.ts'
import type { FileDetail, FileQuery, FileRow } from '../../src/api/contract-files.ts'
import { KIB } from '../../src/domain/units.ts'
import { eventually } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { FileLab } from '../support/file-lab.ts'
import type { Fetched } from '../support/http.ts'

export function list(cache: Cachalot, query: FileQuery = {}): Promise<Page<FileRow>> {
  return apiOf(cache).get('/files', query)
}

export async function names(cache: Cachalot, query: FileQuery = {}): Promise<readonly string[]> {
  return (await list(cache, query)).items.map(({ name }) => name)
}

export function detail(cache: Cachalot, name: string): Promise<FileDetail> {
  return apiOf(cache).get('/file', { name })
}

export async function pull(cache: Cachalot, path: string): Promise<Fetched> {
  const answer = await cache.fetch(path)
  assert.equal(answer.status, 200, `${path}: ${answer.status} ${answer.body.subarray(0, 200).toString()}`)
  return answer
}

export type Ask = Partial<Selection> & { exclude?: readonly string[]; includeGone?: boolean }

export function look(cache: Cachalot, ask: Ask): Promise<BoundPreview> {
  return apiOf(cache).post('/selection', { names: [], ...ask })
}

export async function evict(cache: Cachalot, ask: Ask, mode: 'undo' | 'now' = 'now'): Promise<Evicted> {
  const { previewId } = await look(cache, ask)
  return await apiOf(cache).post('/evict', { previewId, mode, includeGone: ask.includeGone === true })
}

/** All three files of a version. */
export async function pullVersion(cache: Cachalot, module: string, version: string): Promise<void> {
  for (const suffix of ['info', 'mod', 'zip']) await pull(cache, `/go/${module}/@v/${version}.${suffix}`)
}

export const WEIGHTS = randomBytes(300 * KIB)
export const TOOL = randomBytes(200 * KIB)

/** Two versions of a module, a release, and two commits of a model which have its weights in common. */
export async function fill({ go, github, hf, cache }: FileLab) {
  for (const version of ['v1.0.0', 'v1.1.0']) {
    go.publish({ module: 'example.com/m', version, files: { 'a.go': `package m // ${version}` } })
    await pullVersion(cache, 'example.com/m', version)
  }
  await pull(cache, '/go/example.com/m/@v/list')
  github.release('owner/repo', 'v1', 'tool.tgz', TOOL)
  await pull(cache, '/gh/owner/repo/releases/download/v1/tool.tgz')
  const files = { 'config.json': '{"a": 1}', 'model.safetensors': { large: WEIGHTS } }
  const first = hf.publish('models/org/model', files)
  const paths = ['config.json', 'model.safetensors']
  for (const path of paths) await pull(cache, `/hf/org/model/resolve/main/${path}`)
  const second = hf.publish('models/org/model', { ...files, 'config.json': '{"a": 2}' })
  for (const path of paths) await pull(cache, `/hf/org/model/resolve/${second}/${path}`)
  const isCounted = async (): Promise<boolean> => (await list(cache)).items.every(({ pulls }) => pulls > 0)
  await eventually('every pull is counted', isCounted)
  return { first, second }
}
