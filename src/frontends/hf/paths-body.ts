import { hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AppError } from '../../domain/errors.ts'
import { MIB } from '../../domain/units.ts'
import { isFilePath } from './name.ts'

const LONGEST = MIB
const MOST_PATHS = 10_000

/**
 * A question about some paths, in one spelling: Python sends a form, JavaScript sends JSON. Rejects with AppError
 * `bad_request`, `name_invalid` or `too_large`.
 */
export async function readQuestion(req: IncomingMessage): Promise<string> {
  const body = (await readBody(req)).toString('utf8')
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const { paths, expand } = type === 'application/json' ? fromJson(body) : fromForm(body)
  if (paths.length > MOST_PATHS || !paths.every(isPath)) throw invalid('malformed paths')
  return JSON.stringify({ paths, expand })
}

/** The name of a question among those about the same commit. */
export function nameOfQuestion(question: string): string {
  return hash('sha256', question)
}

interface Question {
  readonly paths: readonly string[]
  readonly expand: boolean
}

function fromForm(body: string): Question {
  const form = new URLSearchParams(body)
  return { paths: form.getAll('paths'), expand: /^(?:true|1)$/i.test(form.get('expand') ?? '') }
}

function fromJson(body: string): Question {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw new AppError('bad_request', { message: 'the body is no JSON' })
  }
  if (typeof json !== 'object' || json === null || !('paths' in json))
    throw invalid('the body names no paths')
  const list: readonly unknown[] = Array.isArray(json.paths) ? json.paths : [json.paths]
  const paths = list.filter((path) => typeof path === 'string')
  if (paths.length !== list.length) throw invalid('malformed paths')
  return { paths, expand: 'expand' in json && json.expand === true }
}

/** Of a file or a folder; "" is all of them. */
function isPath(text: string): boolean {
  return text === '' || isFilePath(text.replace(/\/$/, ''))
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (req.headers['content-encoding'] !== undefined)
    throw new AppError('bad_request', { message: 'the body is packed' })
  const chunks: Buffer[] = []
  let size = 0
  // The connection has to stay for the answer.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk
    size += bytes.length
    if (size > LONGEST) throw new AppError('too_large', { message: 'the body is longer than 1 MiB' })
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

function invalid(message: string): AppError {
  return new AppError('name_invalid', { message })
}
