import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems give to connections: one of those may take it while a server is down between two starts. */
const FIRST = 12_000
const LAST = 32_000
const TRIES = 20

/** A port of the loopback interface that nobody listens on, for a server that may be stopped and started again there. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(FIRST, LAST)
    if (await isFree(port, address)) return port
  }
  throw new Error(`${TRIES} ports are all in use`)
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
