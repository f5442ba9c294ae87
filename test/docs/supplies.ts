import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type FakeHub, startFakeHub } from '../support/fake-hub.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import type { Cleanup } from '../support/temp.ts'
import { type FileSources, startFileSources } from '../ui/file-sources.ts'
import { setKey } from './clone.ts'

/** What the examples of the pages name, on this machine. */
export interface Supplies {
  readonly hub: FakeUpstream
  /** What Docker Hub is searched by. */
  readonly web: FakeHub
  readonly files: FileSources
}

const IMAGES: Readonly<Record<string, readonly string[]>> = {
  'library/nginx': ['latest', '1.25', '1.27'],
  'library/redis': ['8'],
  'library/alpine': ['3'],
  'org/app': ['1', '1.4'],
}
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64'

export async function startSupplies(t: Cleanup): Promise<Supplies> {
  const hub = await startFakeUpstream()
  t.after(() => hub.close())
  for (const [name, tags] of Object.entries(IMAGES))
    for (const tag of tags)
      hub.addImage(name, { tags: [tag], layerKind: 'tar+gzip', platform: `linux/${ARCHITECTURE}` })
  const web = await startFakeHub(t)
  web.add({ name: 'nginx', official: true }, [{ name: '1.27' }])
  const files = await startFileSources(t)
  files.go.publish({ module: 'example.com/module', version: 'v1.0.0' })
  files.hub.publish('models/org/model', {
    'config.json': '{"model_type":"small"}',
    'model.safetensors': { large: Buffer.alloc(20_000, 'weights') },
  })
  files.files.set('/owner/repo/releases/download/v1/tool.tgz', Buffer.from('a tool'))
  files.files.set('/owner/repo/main/install.sh', Buffer.from('#!/bin/sh\necho installed\n'))
  const repository = await files.git.create('owner/repo')
  await repository.commit({ 'hello.txt': 'Hello\n' })
  return { hub, web, files }
}

/** Changes a fresh config.toml as somebody does whose upstreams are these. */
export function pointAt(folder: string, { hub, web, files }: Supplies, host: string): void {
  const { go = {}, github = {}, huggingface = {} } = files.config
  const set = (section: string, name: string, value: unknown): void => {
    const [, text = ''] = stringify({ value }).trim().split(' = ')
    setKey(folder, { section, name, value: text })
  }
  set('server', 'listen', host)
  set('storage', 'min_free', '0')
  set('hub', 'url', web.url)
  set('go', 'sumdb', go['sumdb'])
  for (const [name, value] of Object.entries(huggingface)) set('huggingface', name, value)
  for (const [name, value] of Object.entries(Object(github['urls']) as Record<string, unknown>))
    set('github.urls', JSON.stringify(name), value)
  const upstream = [
    { name: 'docker.io', url: hub.url, default: true, aliases: ['index.docker.io', 'hub'] },
    { name: 'ghcr.io', url: hub.url, aliases: ['ghcr'] },
  ]
  appendFileSync(join(folder, 'config.toml'), `\n${stringify({ go: { upstream: go['upstream'] } })}`)
  appendFileSync(join(folder, 'config.toml'), `\n${stringify({ upstream })}`)
}
