import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/ports.ts'
import { startChild } from './child.ts'
import { installed, type Launcher, type Setting } from './subjects.ts'

/** Debian's docker-registry as a pull-through cache: files on disk, descriptors in memory, no access log. */
export function dockerRegistry(): Launcher {
  return {
    name: 'docker-registry',
    missing: () => (installed('docker-registry') ? undefined : 'docker-registry is not installed'),
    async start({ upstreamUrl, folder, tls }) {
      const port = await freePort()
      const file = join(folder, 'config.yml')
      writeFileSync(file, configuration({ port, upstreamUrl, data: join(folder, 'data'), tls }))
      const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
      const args = ['serve', file]
      const child = await startChild({ command: 'docker-registry', args, folder, readyUrl: `${url}/v2/` })
      return { name: 'docker-registry', url, folder, ...child }
    },
  }
}

function configuration({
  port,
  upstreamUrl,
  data,
  tls,
}: {
  port: number
  upstreamUrl: string
  data: string
  tls: Setting['tls']
}): string {
  return `version: 0.1
log:
  level: error
  accesslog: { disabled: true }
storage:
  cache: { blobdescriptor: inmemory }
  filesystem: { rootdirectory: ${data} }
http:
  addr: 127.0.0.1:${port}
  secret: bench
${tls === undefined ? '' : `  tls: { certificate: ${tls.cert}, key: ${tls.key} }`}
proxy:
  remoteurl: ${upstreamUrl}
`
}
