import { type Answer, type Ask, answerBytes, answerFile, withHeader } from './fake-answer.ts'
import { bytesContent, type Content } from './fake-content.ts'
import { type Conditions, createExchange, type Service, withConditions } from './fake-exchange.ts'
import { createFaults, type Fault, type Faults } from './fake-faults.ts'
import { createGate } from './fake-gate.ts'
import { type Listener, openListener } from './fake-listener.ts'
import { replaceAnswer } from './fake-misdeed.ts'
import { createRequestLog, type RequestLog } from './request-log.ts'

/** What lies under one path of a host. */
export interface FakeFile {
  readonly content: Buffer | Content
  /** With its quotes; undefined: the answer has none. */
  readonly etag?: string
  /** Of the file itself: "Last-Modified", "Content-Type". */
  readonly headers?: Readonly<Record<string, string>>
  /** No Content-Length. */
  readonly chunked?: true
  /** Its host answers 302 to the same path of the other host, with these headers. */
  readonly redirected?: Readonly<Record<string, string>>
}

/** Two hosts for files, one of which may send clients to the other, as GitHub and Hugging Face do. */
export interface FakeFiles extends Conditions {
  readonly url: string
  readonly host: string
  readonly storageHost: string
  readonly requests: RequestLog
  readonly faults: Faults
  /** By raw path, without query. */
  put(path: string, file: FakeFile): void
  remove(path: string): void
  /** Refuses connections, of both. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Accepts requests and is silent. */
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

export async function startFakeFiles(): Promise<FakeFiles> {
  const gate = createGate()
  const requests = createRequestLog()
  const faults = createFaults()
  const conditions: Conditions = { bandwidth: undefined, latency: 0 }
  const parts = { requests, faults, conditions, frozen: () => gate.frozen() }
  const files = new Map<string, FakeFile>()
  const open = (service: Service): Promise<Listener> =>
    openListener({ address: '127.0.0.1', port: 0, tls: undefined, handler: createExchange(parts, service) })
  const storage = await open(serviceOf('cdn', (ask, fault) => answerStored(files.get(ask.path), ask, fault)))
  const host = await open(
    serviceOf('registry', (ask, fault) => {
      const file = files.get(ask.path)
      if (file?.redirected === undefined) return answerStored(file, ask, fault)
      const location = `${storage.url}${ask.path}?signature=0123456789abcdef`
      return answerBytes(302, { ...file.redirected, Location: location }, 'elsewhere')
    }),
  )
  const both = [host, storage]
  return withConditions<FakeFiles>(
    {
      url: host.url,
      host: host.host,
      storageHost: storage.host,
      requests,
      faults,
      put: (path, file) => void files.set(path, file),
      remove: (path) => void files.delete(path),
      stop: async () => void (await Promise.all(both.map((one) => one.stop()))),
      start: async () => void (await Promise.all(both.map((one) => one.start()))),
      freeze: () => gate.shut(),
      thaw: () => gate.open(),
      close: async () => {
        gate.open()
        await Promise.all(both.map((one) => one.stop()))
      },
    },
    conditions,
  )
}

function serviceOf(role: 'registry' | 'cdn', answer: (ask: Ask, fault: Fault) => Answer): Service {
  return {
    label: (ask) => ({ role, kind: role === 'cdn' ? 'cdn' : 'other', ref: ask.path }),
    answer: (ask, { kind }, fault) => replaceAnswer(fault, kind) ?? answer(ask, fault),
  }
}

const NO_ETAG = '"none"'

function answerStored(file: FakeFile | undefined, ask: Ask, fault: Fault): Answer {
  if (file === undefined) return answerBytes(404, { 'Content-Type': 'text/plain' }, 'not found')
  const content = Buffer.isBuffer(file.content) ? bytesContent(file.content) : file.content
  const headers = { 'Content-Type': 'application/octet-stream', ...file.headers }
  const answer = answerFile(ask, { content, etag: ask.etag ?? file.etag ?? NO_ETAG, headers })
  const plain =
    file.etag === undefined && fault.etag === undefined ? withHeader(answer, 'ETag', null) : answer
  return file.chunked === true && plain.status === 200 ? withHeader(plain, 'Content-Length', null) : plain
}
