import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { socketAddress } from './socket.ts'

export interface LocalApi {
  /** Stops listening; answers under way have `grace` ms to end. */
  close(grace: number): Promise<void>
}

/**
 * Offers the API on a socket in the data folder, which only the user of this process can open: whoever may write
 * the data folder is its operator. Undefined while another process listens there. Rejects where no socket can be
 * made.
 */
export async function startLocalApi(folder: string, handle: RequestListener): Promise<LocalApi | undefined> {
  const address = socketAddress(folder)
  try {
    if (await isAnswered(address.path)) return undefined
    // What a process that was killed left behind.
    rmSync(address.path, { force: true })
    // An archive that is imported takes as long as it takes.
    const server = createServer({ keepAlive: false, requestTimeout: 0 }, handle)
    server.listen(address.path)
    await once(server, 'listening')
    chmodSync(address.path, 0o600)
    server.unref()
    return {
      close: async (grace) => {
        const closed = once(server, 'close')
        server.close()
        const cut = setTimeout(() => server.closeAllConnections(), grace)
        await closed
        clearTimeout(cut)
        address.release()
      },
    }
  } catch (error) {
    address.release()
    throw error
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect({ path })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
