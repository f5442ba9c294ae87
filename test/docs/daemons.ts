import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { daemonArguments } from '../clients/access-docker-client.ts'
import { findPort, missingOrNotRoot, run, startDaemon, waitUntilReady } from '../clients/process.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** A daemon of Docker's with everything of its own below `folder`; why there is none, or undefined. */
export async function startDockerIn(t: Cleanup, folder: string): Promise<string | undefined> {
  const lacking = missingOrNotRoot('dockerd', 'docker')
  if (lacking !== false) return lacking
  const daemon = startDaemon('dockerd', await daemonArguments(folder))
  t.after(() => daemon.stop())
  try {
    const asked = ['-H', `unix://${folder}/docker.sock`, 'version']
    await waitUntilReady(daemon, () => run('docker', asked), 60_000)
    return undefined
  } catch (error) {
    return String(error)
  }
}

/** nginx with this block in a server of its own; gives its address. */
export async function startNginx(t: Cleanup, location: string): Promise<string> {
  const folder = await tempDir(t)
  const port = await findPort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const file = join(folder, 'nginx.conf')
  const settings = [
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}`,
    `http { access_log off; ${temporary.join(' ')} server { listen 127.0.0.1:${port};`,
    location,
    '} }',
  ]
  await writeFile(file, settings.join('\n'))
  const nginx = startDaemon('nginx', ['-c', file, '-e', 'stderr'])
  t.after(() => nginx.stop())
  const base = `http://127.0.0.1:${port}`
  await waitUntilReady(nginx, async () => {
    if (!(await fetch(`${base}/healthz`)).ok) throw new Error('not yet')
  })
  return base
}
