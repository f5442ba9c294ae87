import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../domain/errors.ts'
import type { GitProcess } from '../../git/program.ts'
import type { Exchange } from '../front-end.ts'
import type { Headers } from '../send.ts'

/**
 * Sends what a git gives that got `input`. False where it failed before its first byte, so that somebody else can
 * answer; where nobody is there any more, there is nothing to answer. Rejects where it failed later; the connection is
 * cut then, which is the only honest answer left.
 */
export async function sendRun(
  exchange: Exchange,
  run: GitProcess,
  { headers, input, prefix }: { headers: Headers; input: Buffer; prefix?: Buffer },
): Promise<boolean> {
  const { res } = exchange
  const { child } = run
  const leave = (): void => run.kill()
  res.once('close', leave)
  // Who left while a place was waited for is not heard of again.
  if (res.destroyed) leave()
  try {
    child.stdin.end(input)
    const begun = await Promise.race([begins(child.stdout), run.ended])
    if (begun !== 'begun' && begun.code !== 0) return res.destroyed
    res.writeHead(200, headers)
    if (prefix !== undefined) res.write(prefix)
    if (!(await copy(exchange, child.stdout))) return true
    const { code, said } = await run.ended
    // Its git was ended for that.
    if (res.destroyed) return true
    if (code !== 0) throw new AppError('internal', { message: 'a mirror broke off', cause: new Error(said) })
    res.end()
    return true
  } catch (error) {
    run.kill()
    if (res.headersSent) res.destroy()
    throw error
  } finally {
    res.off('close', leave)
  }
}

/** Sends an upstream's answer; cuts the connection where it breaks off. */
export async function sendBody(exchange: Exchange, body: Readable, headers: Headers): Promise<void> {
  const { res } = exchange
  res.writeHead(200, headers)
  res.flushHeaders()
  try {
    if (await copy(exchange, body)) res.end()
  } catch (error) {
    res.destroy()
    throw error
  }
}

function begins(stdout: Readable): Promise<'begun'> {
  return new Promise((resolve) => {
    stdout.once('readable', () => {
      if (stdout.readableLength > 0) resolve('begun')
    })
  })
}

/** False where the client left. */
async function copy({ res, notes }: Exchange, from: Readable): Promise<boolean> {
  let isGone = res.destroyed
  const gone = (): void => {
    isGone = true
  }
  res.once('close', gone)
  try {
    await pipeline(
      from,
      async function* counted(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          notes.bytes += chunk.length
          yield chunk
        }
      },
      res,
      { end: false },
    )
    return true
  } catch (error) {
    if (isGone || res.destroyed) return false
    throw error
  } finally {
    res.off('close', gone)
  }
}
