/** Process: what sink.c does, with the same arguments and output, for machines without a C compiler. */
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const [port, connections, repeats, rate, seconds] = process.argv.slice(2, 7).map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const paths = process.argv.slice(7)
const started = performance.now()
let bytes = 0
let firstByteMs = 0
let taken = 0

const over = () => seconds > 0 && performance.now() - started > seconds * 1000

async function connection(id: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let i = 0; (repeats === 0 || i < repeats) && !over(); i++) {
    const path = repeats === 0 ? paths[taken++] : paths[id % paths.length]
    if (path === undefined) break
    await readOnce(agent, path)
  }
  agent.destroy()
}

function readOnce(agent: Agent, path: string): Promise<void> {
  const asked = performance.now()
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', path, agent }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`))
      response.once('readable', () => (firstByteMs = Math.max(firstByteMs, performance.now() - asked)))
      response.on('error', reject)
      drain(response).then(resolve, reject)
    })
    request.on('error', reject)
  })
}

async function drain(body: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of body) {
    bytes += chunk.length
    if (over()) return
    if (rate > 0) await sleep((chunk.length / rate) * 1000)
  }
}

await Promise.all(Array.from({ length: connections }, (_, id) => connection(id)))
console.log(JSON.stringify({ bytes, seconds: (performance.now() - started) / 1000, firstByteMs }))
process.exit(0)
