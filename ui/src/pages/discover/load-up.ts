import type { ApiError } from '../../../../src/api/contract.ts'
import type { ImportReport } from '../../../../src/api/contract-packages.ts'
import { Failure } from '../../api.ts'
import { loadServerWords } from '../../words/words.ts'

/** Sends an archive, and says how much of it is there, 0 to 1. Rejects with Failure. */
export async function loadUp(file: File, onShare: (share: number) => void): Promise<ImportReport> {
  const request = new XMLHttpRequest()
  request.open('POST', '/api/v1/import')
  request.setRequestHeader('content-type', 'application/x-tar')
  request.setRequestHeader('x-csrf', '1')
  // Of what fetch sends nobody hears how far it is.
  request.upload.addEventListener('progress', ({ loaded, total }) => onShare(loaded / Math.max(1, total)))
  await new Promise((resolve) => {
    request.addEventListener('loadend', resolve)
    request.send(file)
  })
  await loadServerWords()
  const said = lastLine(request.responseText)
  if (said?.result !== undefined) return said.result
  const offline = { code: request.status === 0 ? 'offline' : 'unknown', message: '', hint: '' }
  throw new Failure(request.status, said?.error ?? offline)
}

interface Said {
  readonly result?: ImportReport
  readonly error?: ApiError
}

function lastLine(text: string): Said | undefined {
  try {
    return JSON.parse(text.trim().split('\n').at(-1) ?? '') as Said // As the contract says.
  } catch {
    return undefined
  }
}
