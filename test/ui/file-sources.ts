import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually } from '../e2e/support.ts'
import { apiOf } from '../jobs/support.ts'
import type { Cachalot, ConfigTables } from '../support/cachalot.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { openGitClient } from '../support/fake-git-client.ts'
import { type FakeGo, startFakeGo } from '../support/fake-go.ts'
import { type FakeHf, startFakeHf } from '../support/fake-hf.ts'
import type { Cleanup } from '../support/temp.ts'

const MODEL = 'models/openai-community/gpt2'
const WEIGHTS = randomBytesFrom(7, 700_000)
export const RELEASE =
  '/BurntSushi/ripgrep/releases/download/14.1.1/ripgrep-14.1.1-x86_64-unknown-linux-musl.tar.gz'

/** Where files come from: a hub, a module proxy, GitHub with its files and repositories. */
export interface FileSources {
  /** Of a cache that asks them. */
  readonly config: ConfigTables
  readonly hub: FakeHf
  readonly go: FakeGo
  readonly git: FakeGit
  /** Files at github.com, by path. */
  readonly files: Map<string, Buffer>
  stop(): void
}

export async function startFileSources(t: Cleanup): Promise<FileSources> {
  const [hub, go, git] = [await startFakeHf(t), await startFakeGo(t), await startFakeGit(t)]
  const files = new Map<string, Buffer>()
  const server = createServer((req, res) => answer(req, res, { files, git }))
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo // listening on a port, so it is no pipe
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  t.after(stop)
  const url = `http://127.0.0.1:${port}`
  return {
    hub,
    go,
    git,
    files,
    stop,
    config: {
      go: { upstream: [{ url: go.url, name: 'proxy.golang.org' }], sumdb: [] },
      huggingface: { url: hub.url, redirect_hosts: [hub.storageHost] },
      github: { urls: { 'github.com': url, 'raw.githubusercontent.com': url } },
    },
  }
}

type Sources = Pick<FileSources, 'files' | 'git'>

function answer(req: IncomingMessage, res: ServerResponse, { files, git }: Sources): void {
  const path = req.url ?? ''
  if (/\/(?:info\/|git-upload-pack)/.test(path)) return passOn(req, res, git.url)
  const body = files.get(path)
  if (body === undefined) return void res.writeHead(404).end()
  res.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    etag: `"${body.length}-${path.length}"`,
  })
  res.end(req.method === 'HEAD' ? undefined : body)
}

function passOn(req: IncomingMessage, res: ServerResponse, to: string): void {
  const there = request(`${to}${req.url}`, { method: req.method, headers: req.headers }, (from) => {
    res.writeHead(from.statusCode ?? 502, from.headers)
    from.pipe(res)
  })
  there.on('error', () => res.destroy())
  req.pipe(there)
}

/** Some files of every kind, fetched through the cache as clients do. */
export async function fillFiles(t: Cleanup, cache: Cachalot, sources: FileSources): Promise<void> {
  await fillDownloads(cache, sources)
  await fillMirror(t, cache, sources)
}

/** All but a repository of git. */
export async function fillDownloads(cache: Cachalot, { hub, go, files }: FileSources): Promise<void> {
  const get = async (path: string): Promise<void> => {
    const { status } = await cache.fetch(path, { lint: false })
    assert.equal(status, 200, path)
  }
  const config = '{"model_type":"gpt2"}'
  const first = hub.publish(MODEL, { 'config.json': config, 'model.safetensors': { large: WEIGHTS } })
  const second = hub.publish(MODEL, {
    'config.json': `${config}\n`,
    'model.safetensors': { large: WEIGHTS },
    'onnx/decoder_model_merged.onnx': { large: randomBytesFrom(8, 90_000) },
  })
  for (const commit of [first, second])
    for (const file of ['config.json', 'model.safetensors'])
      await get(`/hf/openai-community/gpt2/resolve/${commit}/${file}`)
  await get('/hf/openai-community/gpt2/resolve/main/onnx/decoder_model_merged.onnx')

  for (const version of ['v0.3.0', 'v0.14.0']) {
    const files = { 'text.go': `package text // ${version}\n` }
    go.publish({ module: 'golang.org/x/text', version, files })
    for (const ending of ['info', 'mod', 'zip']) await get(`/go/golang.org/x/text/@v/${version}.${ending}`)
  }

  files.set(RELEASE, randomBytesFrom(9, 250_000))
  files.set('/octocat/Hello-World/master/README', Buffer.from('Hello World!\n'))
  await get(`/https://github.com${RELEASE}`)
  await get('/https://raw.githubusercontent.com/octocat/Hello-World/master/README')
}

async function fillMirror(t: Cleanup, cache: Cachalot, { git }: FileSources): Promise<void> {
  const repository = await git.create('octocat/spoon-knife')
  await repository.commit({ 'README.md': 'Well hello there!\n' })
  const client = await openGitClient(t, { cache: cache.url })
  const cloned = await client.run('clone', 'https://github.com/octocat/spoon-knife')
  assert.equal(cloned.code, 0, cloned.err)
  await eventually('a mirror', async () => {
    const { items } = await apiOf(cache).get('/files', { kind: 'git' })
    return items.length > 0
  })
}
