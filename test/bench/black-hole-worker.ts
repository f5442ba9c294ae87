/** Worker: listens with the shortest queue there is, then blocks its thread, so nothing is ever accepted. */
import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

createServer().listen(Number(workerData), '127.0.0.1', 1, () => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a port
  parentPort?.postMessage('listening')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
