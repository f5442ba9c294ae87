import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { answerImage, openEvil, openPlace, PATHS, startCache } from './support.ts'

const SRC = join(import.meta.dirname, '..', '..', 'src')
const DOOR = 'upstream/'

interface Source {
  readonly path: string
  readonly text: string
}

const SOURCES: readonly Source[] = globSync('**/*.ts', { cwd: SRC }).map((path) => ({
  path,
  text: readFileSync(join(SRC, path), 'utf8'),
}))

/** What anybody may take of the modules that can open a connection, ask for a name or start a program. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'createServer'],
  'node:tls': ['createSecureContext'],
  'node:http': ['createServer'],
  'node:https': [],
  'node:http2': [],
  'node:dns': [],
  'node:dns/promises': [],
  'node:dgram': [],
  'node:child_process': [],
  'node:cluster': [],
  'node:inspector': [],
  undici: [],
}

/** The others, and why each does not lead out: an upstream, a redirect or a realm is never followed there. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'api/client.ts node:http request': 'the socket in the data folder',
  'api/local.ts node:net connect': 'the socket in the data folder',
  'cli/reach.ts node:net connect': 'the socket in the data folder',
  'cli/commands/healthcheck.ts node:http request': 'our own server',
  'cli/commands/healthcheck.ts node:https request': 'our own server',
  'probe/route.ts node:http request': 'started by hand, by operators: the way to an upstream, step by step',
  'probe/route.ts node:net connect': 'the same',
  'probe/route.ts node:tls connect': 'the same',
  'probe/route.ts node:dns/promises lookup': 'the same',
  'probe/upstream.ts node:dns/promises lookup': 'the same',
  'acme/program.ts node:child_process spawn': 'lego, which speaks to the authority itself',
  'cli/doctor/git.ts node:child_process execFile': 'git --version, by hand',
  'http/inside.ts node:http request': 'a pair of streams within this process, which it is given',
  'git/program.ts node:child_process spawn':
    'git, which is led to the relay on this machine and nowhere else',
}

/** `default` for a module taken whole: then only its servers may be used. */
function takenFrom({ path, text }: Source): string[] {
  const statements = text.matchAll(/^import (?!type )([^'"]*?) from '([^']+)'/gms)
  return [...statements].flatMap(([, what = '', from = '']) => {
    if (!(from in HARMLESS)) return []
    const [, whole, list = ''] = /^(?:(\w+|\* as \w+)(?:, )?)?(?:\{([^}]*)\})?$/s.exec(what.trim()) ?? []
    const names = list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => name.split(' as ')[0] ?? '')
    const others = names.filter((name) => HARMLESS[from]?.includes(name) !== true)
    const local = whole?.replace('* as ', '')
    const used = local === undefined ? [] : usesOf(text, local).filter((name) => name !== 'createServer')
    return [...others, ...used].map((name) => `${path} ${from} ${name}`)
  })
}

/** What is called or made of a module that was imported whole; its types are nothing at run time. */
function usesOf(text: string, local: string): string[] {
  const uses = text.matchAll(new RegExp(`\\b${local}\\.([a-z]\\w*)|new ${local}\\.(\\w+)`, 'g'))
  return [...uses].map(([, called, made]) => called ?? made ?? '')
}

/** Ways out that need no import. */
const GLOBAL = [
  /(?:\bawait |\breturn |=> ?|= |\(|\bvoid )fetch\(/g,
  /\bglobalThis\b/g,
  /\bnew (?:WebSocket|EventSource|WebSocketStream|XMLHttpRequest)\b/g,
  /\b(?:createRequire|getBuiltinModule|process\.binding)\b/g,
  /\bimport\((?!'\.)/g,
  /\brequire\(/g,
]

function globalsIn({ path, text }: Source): string[] {
  return GLOBAL.flatMap((pattern) => [...text.matchAll(pattern)].map(([found]) => `${path} ${found}`))
}

describe('there is one way out:', () => {
  const outside = SOURCES.filter(({ path }) => !path.startsWith(DOOR))

  test('nobody else opens connections, asks name servers or starts programs', () => {
    assert.ok(outside.length > 100, `only ${outside.length} sources were read`)
    const taken = [...new Set(outside.flatMap(takenFrom))]
    assert.deepEqual(taken.toSorted(), Object.keys(EXCEPTIONS).toSorted())
    assert.deepEqual(outside.flatMap(globalsIn), [])
  })

  test('planted ways out would be found', () => {
    const planted: Readonly<Record<string, string>> = {
      "import { request } from 'node:http'": 'x.ts node:http request',
      "import {\n  createServer,\n  get as fetchIt,\n} from 'node:https'": 'x.ts node:https createServer',
      "import https from 'node:https'\nhttps.get('https://evil.test')": 'x.ts node:https get',
      "import * as net from 'node:net'\nnew net.Socket()": 'x.ts node:net Socket',
      "import { fetch } from 'undici'": 'x.ts undici fetch',
      "const a = await fetch('http://evil.test')": 'x.ts await fetch(',
      "return fetch('http://evil.test')": 'x.ts return fetch(',
      "globalThis['fetch']('http://evil.test')": 'x.ts globalThis',
      "const http = await import('node:http')": 'x.ts import(',
      "new WebSocket('ws://evil.test')": 'x.ts new WebSocket',
    }
    for (const [text, expected] of Object.entries(planted)) {
      const source = { path: 'x.ts', text }
      assert.ok([...takenFrom(source), ...globalsIn(source)].includes(expected), text)
    }
    const harmless = [
      "import type { IncomingMessage } from 'node:http'",
      "import { createServer, type RequestListener } from 'node:http'",
      "import http from 'node:http'\nhttp.createServer()\nconst a: http.RequestListener = b",
      'fetch(want: Want): { result: Promise<Fetched> }',
      'service.fetch(ask)',
    ]
    for (const text of harmless) {
      const source = { path: 'x.ts', text }
      assert.deepEqual([...takenFrom(source), ...globalsIn(source)], [], text)
    }
  })

  test('what asks inside this process is given its connection', () => {
    const text = SOURCES.find(({ path }) => path === 'http/inside.ts')?.text ?? ''
    const calls = [...text.matchAll(/\brequest\(([^)]*)/g)].map(([, rest]) => rest ?? '')
    assert.ok(calls.length > 0)
    for (const call of calls) assert.match(call, /^\{ createConnection: /)
    assert.doesNotMatch(text, /\bhostname?: '(?!inside\.invalid')|\bport:|\bagent:/)
  })

  test('what is said of the sockets in the data folder is so', () => {
    for (const path of ['api/client.ts', 'api/local.ts', 'cli/reach.ts']) {
      const text = SOURCES.find((source) => source.path === path)?.text ?? ''
      const calls = [...text.matchAll(/(?:=|return|await) (?:request|connect)\(([^)]*)/g)].map(
        ([, rest]) => rest ?? '',
      )
      assert.ok(calls.length > 0, path)
      for (const call of calls) assert.match(call, /socketPath|path/, `${path}: ${call}`)
      assert.doesNotMatch(text, /\bhostname?:|\bport:/, path)
    }
  })
})

describe('behind the door there is one of each:', () => {
  const inside = SOURCES.filter(({ path }) => path.startsWith(DOOR))
  const withText = (pattern: RegExp): string[] =>
    inside
      .filter(({ text }) => pattern.test(text))
      .map(({ path }) => path.slice(DOOR.length))
      .toSorted()

  const PLACES: Readonly<Record<string, readonly [RegExp, readonly string[]]>> = {
    'opener of connections': [/from 'node:(?:net|tls)'[^]*\bconnect(?:Tcp|Tls)\(/, ['connector.ts']],
    'sender of requests': [/\.dispatch\(|\bstream\(|\bpipeline\(/, ['exchange.ts']],
    'follower of redirects': [/headers\.location|\['location'\]/i, ['call.ts']],
    'judge of redirects': [/ nextHop\(/, ['call.ts', 'redirect.ts']],
    'judge of addresses': [/from 'ipaddr\.js'/, ['address-guard.ts']],
    'judge of token services': [/from 'tldts'/, ['realm.ts']],
    'asker of name servers': [/from 'node:dns(?:\/promises)?'\n[^]*\b(?:lookup|Resolver)\(/, ['resolve.ts']],
    'maker of pools': [/\bnew (?:Agent|Pool|ProxyAgent|Client)\(/, ['pools.ts']],
  }
  for (const [what, [pattern, files]] of Object.entries(PLACES)) {
    test(what, () => assert.deepEqual(withText(pattern), files))
  }
})

test('no variable of the environment sends requests elsewhere', async (t) => {
  const evil = await openEvil(t)
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']
  for (const name of names) process.env[name] = `http://${evil.host}`
  process.env['NODE_USE_ENV_PROXY'] = '1'
  t.after(() => {
    for (const name of [...names, 'NODE_USE_ENV_PROXY']) delete process.env[name]
  })
  const hub = await openPlace(t, 'hub.example', answerImage)
  const cache = await startCache(t, hub.base)
  assert.equal((await cache.fetch(PATHS.manifest)).status, 200)
  assert.equal(evil.accepted(), 0)
})
