import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly link?: boolean
  readonly inBundle?: boolean
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
  readonly scripts: Readonly<Record<string, string>>
}

// Files of this very repository.
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}
const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13)

const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/

/** First versions without the advisories that are known of them. */
const AT_LEAST: Readonly<Record<string, string>> = {
  koa: '3.1.2',
  undici: '8.10.2',
  'path-to-regexp': '8.4.0',
  qs: '6.14.1',
  cookies: '0.9.1',
  tar: '7.5.23',
}
/** Packages whose job we do ourselves, because theirs went wrong. */
const ABSENT = [
  'proxy-addr',
  'forwarded',
  '@fastify/proxy-addr',
  'send',
  'koa-send',
  'koa-bodyparser',
  'request',
]

function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('-')[0]?.split('.').map(Number) ?? [])
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}

/** SEC-61 */
suite('what we are built of', () => {
  test('comes by its hash, from wherever npm is told to look', () => {
    assert.ok(packages.length > 20)
    for (const [path, { resolved, integrity, optional, link, inBundle }] of packages) {
      assert.ok(link !== true && inBundle !== true, path)
      assert.equal(resolved, undefined, path)
      if (optional !== true) assert.match(integrity ?? '', SHA512, path)
    }
  })

  test('lacks a hash only where it is the build of a package for another kind of machine', () => {
    for (const [path, { integrity = '', version, os }] of packages) {
      if (SHA512.test(integrity)) continue
      assert.ok(os !== undefined, path)
      const owner = packages.find(([, one]) => one.optionalDependencies?.[nameOf(path)] !== undefined)
      assert.equal(owner?.[1].optionalDependencies?.[nameOf(path)], version, path)
    }
  })

  test('is as recent as advisories ask for, and what is installed is what is pinned', () => {
    for (const [path, { version = '' }] of packages) {
      const least = AT_LEAST[nameOf(path)]
      if (least !== undefined)
        assert.ok(isAtLeast(version, least), `${path} ${version} is older than ${least}`)
      assert.ok(!ABSENT.includes(nameOf(path)), path)
    }
    for (const name of Object.keys(manifest.dependencies)) {
      const installed = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'))
      assert.equal(installed.version, lock.packages[`node_modules/${name}`]?.version, name)
    }
  })

  test('runs nothing while it is installed but what was allowed to', () => {
    const running = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    for (const [path, { dev, devOptional }] of running) {
      assert.ok(Object.hasOwn(manifest.allowScripts, nameOf(path)), `${path} runs a script`)
      const isOurs = nameOf(path) === 'better-sqlite3' || dev === true || devOptional === true
      assert.ok(isOurs, `${path} runs a script where we are used`)
    }
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare'])
      assert.equal(manifest.scripts[name], undefined, name)
  })
})

/**
 * Streamed and bounded, with tests of bombs: the hash of a module's zip, packed questions of git, and packed archives that
 * operators import (their layers stay as they are).
 */
const UNPACKS = new Set(['src/frontends/go/zip-hash.ts', 'src/git/body.ts', 'src/packages/unpack.ts'])

/** SEC-38 */
test('no code of ours opens archives or packed bytes but where a protocol asks for it: layers are bytes', () => {
  for (const file of globSync('src/**/*.ts', { cwd: ROOT }).filter((name) => !UNPACKS.has(name))) {
    const source = readFileSync(join(ROOT, file), 'utf8')
    assert.doesNotMatch(
      source,
      /from '(?:node:)?zlib'|DecompressionStream|gunzip|inflate|zstdDecompress/i,
      file,
    )
  }
})

/** What its advisories are about is the other half of that package: names in archives that become files. */
test('of tar nothing is used that writes files', () => {
  const used = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8')
    const imports = [...source.matchAll(/^import ([^;']+?) from 'tar(?:\/[^']*)?'$/gm)]
    return imports.flatMap(([, what = '']) => what.replace(/[{}\s]|type /g, '').split(','))
  })
  assert.deepEqual([...new Set(used)].toSorted(), ['Header', 'Parser', 'Pax', 'ReadEntry'])
})

/** SEC-34, SEC-54: what Node offers and we do not use. */
test('no code of ours speaks HTTP/2 or keeps what strangers name in plain objects', () => {
  for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
    const source = readFileSync(join(ROOT, file), 'utf8')
    assert.doesNotMatch(source, /from '(?:node:)?http2'|headersDistinct|trailersDistinct/, file)
    assert.doesNotMatch(source, /\beval\(|new Function\(|node:vm'/, file)
    // Whether this very machine answers is all the health check wants to know.
    if (file.endsWith('commands/healthcheck.ts')) continue
    assert.doesNotMatch(source, /insecureHTTPParser: true|rejectUnauthorized: false/, file)
  }
})
