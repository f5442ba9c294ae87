import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'

/** A path a socket can be bound or connected to, valid until it is released. */
export interface SocketAddress {
  readonly path: string
  release(): void
}

const NAME = 'cachalot.sock'
/** Linux has room for 107 bytes, other systems for 103. */
const LONGEST = 100

/** Where people find the socket of a data folder. */
export function socketFile(dataFolder: string): string {
  return join(dataFolder, NAME)
}

/**
 * The address of the management socket of a data folder. Where the path is too long for a socket, Linux reaches it
 * through an open handle of the folder, so it is to be released after the connection stands or the server closed.
 * Throws the error of opening the folder, and for such a path elsewhere.
 */
export function socketAddress(dataFolder: string): SocketAddress {
  const path = socketFile(dataFolder)
  if (Buffer.byteLength(path) <= LONGEST) return { path, release: () => undefined }
  if (process.platform !== 'linux') {
    throw new Error(`${path} is too long for a socket: choose a shorter storage.path`)
  }
  const handle = openSync(dataFolder, constants.O_RDONLY | constants.O_DIRECTORY)
  let open = true
  return {
    path: `/proc/self/fd/${handle}/${NAME}`,
    release: () => {
      if (open) closeSync(handle)
      open = false
    },
  }
}
