import type http from 'node:http'
import { mayBeLong } from '../domain/long-bodies.ts'
import { refuse } from './refusal.ts'

/** As Node calls it where it looks itself. */
const TOO_SLOW = 'ERR_HTTP_REQUEST_TIMEOUT'

/** Milliseconds. */
interface Limits {
  readonly whole: number
  readonly farewell: number
}

/**
 * Ends requests whose body takes longer than `whole` ms to come, as Node's own limit would, which knows no exceptions:
 * who was let in to send much may go on as long as something came in that time.
 */
export function watchBodies(server: http.Server, { whole, farewell }: Limits): void {
  server.on('request', (req, res) => {
    if (req.complete) return
    let read = req.socket.bytesRead
    const look = (): void => {
      if (req.complete || req.socket.destroyed) return
      const { bytesRead } = req.socket
      // What waits here to be read is not late.
      const isMoving = bytesRead > read || req.readableLength > 0
      if (!mayBeLong(req) || res.writableEnded || !isMoving) {
        const error = Object.assign(new Error('the body takes too long'), { code: TOO_SLOW })
        // Nobody else's answer is under way, and this one may wait for the body.
        if (!res.headersSent && res.socket !== null) refuse(error, req.socket, farewell)
        else server.emit('clientError', error, req.socket)
        return
      }
      read = bytesRead
      timer = setTimeout(look, whole).unref()
    }
    let timer = setTimeout(look, whole).unref()
    req.once('close', () => clearTimeout(timer))
  })
}
