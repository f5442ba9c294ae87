import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to connections: one of those may take it while a server is down between two starts. */
const FIRST = 12_000
/** Processes that run at the same time have ports of their own. */
const PROCESSES = 200
const EACH = 100

const own = FIRST + (process.pid % PROCESSES) * EACH
let last = randomInt(EACH)

/** A port of the loopback interface that nobody listens on, for a server that may be stopped and started again there. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < EACH; tries++) {
    last = (last + 1) % EACH
    const port = own + last
    if (await isFree(port, address)) return port
  }
  throw new Error(`${EACH} ports are all in use`)
}

async function isFree(port: number, address: string): Promise<boolean> {
  const server = createServer().listen(port, address)
  try {
    await once(server, 'listening')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EADDRINUSE')
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
