import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** One package of package-lock.json; what nobody looks at here is passed on as it is. */
export interface Locked {
  readonly version?: string
  readonly integrity?: string
  readonly dev?: boolean
}

export interface NpmRegistry extends AsyncDisposable {
  readonly url: string
}

/** Packages of package-lock.json by the folder they are installed in. */
export function readLock(root: string): ReadonlyMap<string, Locked> {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  // npm writes it.
  const { packages } = JSON.parse(text) as { packages: Record<string, Locked> }
  return new Map(Object.entries(packages).filter(([folder]) => folder !== ''))
}

/** "node_modules/a/node_modules/@b/c" -> "@b/c" */
export function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/**
 * A registry on loopback with what package-lock.json names, from the cache that `npm ci` filled on this machine, so that
 * an image is built without any network. Undefined where that cache does not hold all of it.
 */
export async function startNpmRegistry(root: string): Promise<NpmRegistry | undefined> {
  const lock = [...readLock(root)]
  const files = new Map(lock.map(([folder, each]) => [tarballPath(nameOf(folder), each), cacheFile(each)]))
  // A container on this machine installs what is installed here: builds for other systems are nowhere.
  const needed = lock.filter(([folder]) => existsSync(join(root, folder)))
  if (needed.length === 0 || needed.some(([, each]) => !existsSync(cacheFile(each)))) return undefined
  const documents = documentsOf(lock)
  const server = createServer((req, res) => {
    const path = decodeURIComponent(req.url ?? '')
    const file = files.get(path)
    const versions = documents.get(path.slice(1))
    if (file !== undefined && existsSync(file)) void sendFile(file, res)
    else if (versions === undefined) res.writeHead(404).end()
    else
      res
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify(versions(`http://${req.headers.host}`)))
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  // It listens on a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function sendFile(file: string, res: ServerResponse): Promise<void> {
  await pipeline(createReadStream(file), res).catch(() => res.destroy())
}

type Document = (base: string) => unknown

/** What npm asks for first: where the file of a version is. */
function documentsOf(lock: readonly (readonly [string, Locked])[]): ReadonlyMap<string, Document> {
  const names = Map.groupBy(lock, ([folder]) => nameOf(folder))
  return new Map(
    [...names].map(([name, all]) => [
      name,
      (base) => ({
        name,
        versions: Object.fromEntries(
          all.map(([, each]) => {
            const dist = { tarball: base + tarballPath(name, each), integrity: each.integrity }
            return [each.version, { name, version: each.version, dist }]
          }),
        ),
      }),
    ]),
  )
}

function tarballPath(name: string, { version }: Locked): string {
  return `/${name}/-/${version}.tgz`
}

/** Where npm keeps a package that it fetched. */
function cacheFile({ integrity = '' }: Locked): string {
  const [algorithm = '', hash = ''] = integrity.split('-')
  const hex = Buffer.from(hash, 'base64').toString('hex')
  const cache = process.env['npm_config_cache'] ?? join(homedir(), '.npm')
  return join(cache, '_cacache', 'content-v2', algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4))
}
