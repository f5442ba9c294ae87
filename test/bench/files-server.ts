/**
 * Process: the servers whose files Cachalot caches beside images. `node files-server.ts PORT SIZE`. A hub of models, a module
 * proxy and the hosts of GitHub, each with what the workload wants; `/` says where they are, as a `FilesUpstream`.
 */
import { createServer } from 'node:http'
import { GIB, MIB } from '../../src/domain/units.ts'
import { generatedContent } from '../support/fake-content.ts'
import { startFakeGithub } from '../support/fake-github.ts'
import { startFakeGo } from '../support/fake-go.ts'
import { startFakeHf } from '../support/fake-hf.ts'
import type { FilesUpstream } from './files.ts'

const SIZES = {
  full: { file: 128 * MIB, model: GIB, modules: 100 },
  quick: { file: 64 * MIB, model: 128 * MIB, modules: 100 },
  tiny: { file: 4 * MIB, model: 8 * MIB, modules: 5 },
}
// It ends with its process.
const never = { after: () => undefined }

// files.ts said a `Size`.
const size = SIZES[process.argv[3] as keyof typeof SIZES]
const hf = await startFakeHf(never)
const github = await startFakeGithub(never)
const go = await startFakeGo(never)

hf.publish('models/bench/model', {
  'file.safetensors': { large: generatedContent({ size: size.file, seed: 1 }) },
  'model.safetensors': { large: generatedContent({ size: size.model, seed: 2 }) },
})
github.release('bench/repo', 'v1.0.0', 'file.tgz', generatedContent({ size: size.file, seed: 3 }))
const modules = Array.from({ length: size.modules }, (_, at) => `example.test/m${at}`)
for (const module of modules) go.publish({ module, version: 'v1.0.0' }, { listed: true })

const said: FilesUpstream = {
  hf: hf.url,
  hfStorage: hf.storageHost,
  go: go.url,
  github: Object.fromEntries(github.hosts.map(({ name, url }) => [name, url])),
  modules,
  modelSize: size.model,
  paths: {
    hf: '/bench/model/resolve/main/file.safetensors',
    model: '/bench/model/resolve/main/model.safetensors',
    github: '/bench/repo/releases/download/v1.0.0/file.tgz',
  },
}
createServer((_req, res) => void res.end(JSON.stringify(said))).listen(Number(process.argv[2]), '127.0.0.1')
