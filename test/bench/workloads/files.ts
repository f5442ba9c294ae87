import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MIB } from '../../../src/domain/units.ts'
import { type Bench, eachRound, type Row, sized, type Workload, warm, withCachalot } from '../bench.ts'
import { type FilesUpstream, filesConfiguration, startFilesUpstream } from '../files.ts'
import { installed, type Subject } from '../subjects.ts'
import { manifestPath } from '../upstream.ts'
import { requestsPerSecond } from '../wrk.ts'

const run = promisify(execFile)

/** Streams, and how often each reads the file. */
const LOADS = [
  { streams: 1, repeats: 16 },
  { streams: 8, repeats: 4 },
] as const

type Load = (typeof LOADS)[number]

const KINDS = [
  { id: 'hf', title: 'file of a model' },
  { id: 'github', title: 'file of a release' },
] as const

const SMALL = [
  { id: 'go-info', title: '.info of a module', suffix: 'info' },
  { id: 'go-mod', title: '.mod of a module', suffix: 'mod' },
] as const

/** What is no image, warm: beside images from the same server, and beside where it comes from. */
export const files: Workload = {
  name: 'files',
  rows: [
    ...KINDS.flatMap(({ id, title }) => LOADS.map((load) => besideBlob(id, title, load))),
    ...SMALL.map(besideManifest),
    direct('go-download', 'go mod download of 100 modules'),
    direct('model-download', 'curl of a model of 1 GiB'),
  ],
  async run(bench) {
    const origin = await startFilesUpstream(join(bench.folder, 'files'), bench.size)
    const play = async (subject: Subject): Promise<void> => {
      const scene = { bench, subject, origin }
      await streams(scene)
      if (installed('wrk')) await requests(scene)
      if (installed('go')) await against(scene, 'go-download', goDownload)
      if (installed('curl')) await against(scene, 'model-download', modelDownload)
    }
    try {
      await withCachalot(bench, play, { more: filesConfiguration(origin) })
    } finally {
      await origin.stop()
    }
  },
}

function besideBlob(id: string, title: string, { streams: count }: Load): Row {
  return {
    id: `${id}-${count}`,
    title: `warm ${title}, ${count} stream${count > 1 ? 's' : ''}: its speed ÷ that of a blob`,
    unit: 'times',
    better: 'more',
    bounds: [{ must: 0.9, aim: 1 }],
  }
}

function besideManifest({ id, title }: (typeof SMALL)[number]): Row {
  return {
    id,
    title: `warm ${title}, 32 connections: its rate ÷ that of a manifest`,
    unit: 'times',
    better: 'more',
    bounds: [{ must: 0.9, aim: 1 }],
  }
}

function direct(id: string, title: string): Row {
  return { id, title, unit: 's', better: 'less', bounds: [{ against: 'direct', must: 1.5, aim: 1.1 }] }
}

interface Scene {
  readonly bench: Bench
  readonly subject: Subject
  readonly origin: FilesUpstream
}

/** In each round the blob is read beside the files, before or after them in turn. */
async function streams({ bench, subject, origin }: Scene): Promise<void> {
  const blob = await bench.upstream.newBlob(sized(bench, [128, 64, 4]) * MIB)
  const paths = { blob, hf: `/hf${origin.paths.hf}`, github: `/gh${origin.paths.github}` }
  await warm(bench, subject, blob)
  for (const path of Object.values(paths))
    await bench.sink.run({ url: subject.url, paths: [path], connections: 1 })
  const speed = async (path: string, load: Load): Promise<number> => {
    const job = { url: subject.url, paths: [path], connections: load.streams, repeats: load.repeats }
    const { bytes, seconds } = await bench.sink.run(job)
    return bytes / seconds
  }
  for (const load of LOADS) {
    const found: Record<string, number> = {}
    const names = ['blob', 'hf', 'github'] as const
    await eachRound(bench, names, async (name, round) => {
      found[`${name} ${round}`] = await speed(paths[name], load)
    })
    for (let round = 0; round < bench.rounds; round++)
      for (const { id } of KINDS)
        record(bench, `${id}-${load.streams}`, { round, value: ratio(found, id, { round, to: 'blob' }) })
  }
}

async function requests({ bench, subject, origin }: Scene): Promise<void> {
  const module = origin.modules[0] ?? ''
  const paths = {
    manifest: manifestPath('latest'),
    ...Object.fromEntries(SMALL.map(({ id, suffix }) => [id, `/go/${module}/@v/v1.0.0.${suffix}`])),
  }
  const found: Record<string, number> = {}
  for (const path of Object.values(paths)) {
    await (await fetch(subject.url + path)).arrayBuffer()
    await requestsPerSecond(subject.url + path, sized(bench, [1, 1, 0.5]))
  }
  await eachRound(bench, Object.entries(paths), async ([name, path], round) => {
    found[`${name} ${round}`] = await requestsPerSecond(subject.url + path, sized(bench, [2, 1, 0.5]))
  })
  for (let round = 0; round < bench.rounds; round++)
    for (const { id } of SMALL)
      record(bench, id, { round, value: ratio(found, id, { round, to: 'manifest' }) })
}

function ratio(
  found: Readonly<Record<string, number>>,
  id: string,
  { round, to }: { readonly round: number; readonly to: string },
): number {
  return (found[`${id} ${round}`] ?? Number.NaN) / (found[`${to} ${round}`] ?? Number.NaN)
}

function record(bench: Bench, row: string, { round, value }: { round: number; value: number }): void {
  bench.results.record(row, { subject: 'cachalot', round, value })
}

type Download = (scene: Scene, from: 'cachalot' | 'direct') => Promise<void>

/** The same client through the cache and without it, in turn; what it does before is not counted. */
async function against(scene: Scene, row: string, download: Download): Promise<void> {
  await download(scene, 'cachalot')
  await eachRound(scene.bench, ['cachalot', 'direct'] as const, async (from, round) => {
    const began = performance.now()
    await download(scene, from)
    const value = (performance.now() - began) / 1000
    scene.bench.results.record(row, { subject: from, round, value })
  })
}

const goDownload: Download = async ({ bench, subject, origin }, from) => {
  const home = mkdtempSync(join(bench.folder, 'go-'))
  const requires = origin.modules.map((module) => `\t${module} v1.0.0\n`).join('')
  writeFileSync(join(home, 'go.mod'), `module example.test/main\n\ngo 1.19\n\nrequire (\n${requires})\n`)
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    GOPATH: join(home, 'go'),
    GOCACHE: join(home, 'cache'),
    GOFLAGS: '-mod=mod -modcacherw',
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    GOSUMDB: 'off',
    GOPROXY: from === 'cachalot' ? `${subject.url}/go` : origin.go,
  }
  await run('go', ['mod', 'download'], { cwd: home, env, timeout: 120_000 })
  rmSync(home, { recursive: true, force: true })
}

const modelDownload: Download = async ({ subject, origin }, from) => {
  const url = from === 'cachalot' ? `${subject.url}/hf${origin.paths.model}` : origin.hf + origin.paths.model
  const wanted = await run('curl', ['-sSfL', '-o', '/dev/null', '-w', '%{size_download}', url])
  if (Number(wanted.stdout) !== origin.modelSize) throw new Error(`${url}: ${wanted.stdout} bytes`)
}
