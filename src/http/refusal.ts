import type { Duplex } from 'node:stream'

/**
 * Answers what is no HTTP, or came too slowly, in the registry's shape, since registry clients are who sends
 * it. Where no TLS came about nothing can be said.
 */
export function refuse(error: NodeJS.ErrnoException, socket: Duplex, farewell: number): void {
  const isTls = error.code?.startsWith('ERR_SSL_') === true || error.code?.startsWith('ERR_TLS_') === true
  if (!socket.writable || isTls || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout']
        : [400, 'Bad Request']
  const body = JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message: reason, detail: {} }] })
  socket.write(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      'Docker-Distribution-API-Version: registry/2.0\r\nX-Content-Type-Options: nosniff\r\n' +
      "Content-Security-Policy: default-src 'none'; sandbox\r\n" +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  hangUp(socket, farewell)
}

/**
 * Ends a connection. Who then does not hang up within `farewell` ms is cut: else whoever just stays would keep it for
 * ever. Not at once, or what was said last could be lost on its way.
 */
export function hangUp(socket: Duplex, farewell: number): void {
  const timer = setTimeout(() => socket.destroy(), farewell).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.end()
}
