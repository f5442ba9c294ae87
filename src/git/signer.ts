import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Signs what leaves here and comes back. */
export interface Signer {
  /** 64 hex. */
  sign(text: string): Promise<string>
  verify(text: string, signature: string): Promise<boolean>
}

/** The key lies in `file`, so that links outlive this process; it is made when it is needed first. */
export function createSigner(file: string): Signer {
  let key: Promise<Buffer> | undefined
  const sign: Signer['sign'] = async (text) => {
    key ??= load(file).catch((error: unknown) => {
      key = undefined
      throw error
    })
    return createHmac('sha256', await key)
      .update(text)
      .digest('hex')
  }
  return {
    sign,
    verify: async (text, signature) => {
      const right = Buffer.from(await sign(text))
      const given = Buffer.from(signature)
      return given.length === right.length && timingSafeEqual(given, right)
    },
  }
}

const LENGTH = 32

async function load(file: string): Promise<Buffer> {
  const known = await readFile(file).catch(() => undefined)
  if (known?.length === LENGTH) return known
  const made = randomBytes(LENGTH)
  await mkdir(dirname(file), { recursive: true, mode: 0o750 })
  // Where nothing can be written the links hold as long as this process.
  await writeFile(file, made, { mode: 0o600 }).catch(() => undefined)
  return made
}
