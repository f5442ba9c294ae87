import { readFile, stat } from 'node:fs/promises'
import { type Clock, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { type Accounts, NO_ACCOUNTS, parseHtpasswd } from './htpasswd.ts'

/** Looked at no more often than that. */
const LOOK_EVERY = SECOND
/** 50,000 users; a larger file is a mistake, and reading it would stop everything else. */
const LARGEST = 4 * 1024 * 1024

export interface UserFile {
  /**
   * Who can log in, as the file says now or said within the last second; undefined where nobody has a password here.
   * While it cannot be read, what it said last. Never rejects.
   */
  current(): Promise<Accounts | undefined>
}

export interface UserPlace {
  /** An absolute path. */
  readonly file: string
  /** Nobody named it: as long as there is no such file, nobody has a password. */
  readonly isOptional: boolean
}

export interface UserFileOptions {
  /** Asked for each time. */
  readonly place: () => UserPlace
  readonly clock: Clock
  readonly log: Log
}

interface State {
  readonly file: string
  readonly isOptional: boolean
  /** Undefined while there is no file and none is needed. */
  accounts: Accounts | undefined
  /** Which content was read: changes with every write, however fast it follows. */
  identity: string | undefined
  /** What is wrong with the file since it was read last. */
  trouble: string | undefined
  lookedAt: number
  looking: Promise<void> | undefined
}

const fresh = ({ file, isOptional }: UserPlace): State => ({
  file,
  isOptional,
  accounts: isOptional ? undefined : NO_ACCOUNTS,
  identity: undefined,
  trouble: undefined,
  lookedAt: Number.NaN,
  looking: undefined,
})

/** The file of users, read again when it changes. */
export function createUserFile({ place, clock, log }: UserFileOptions): UserFile {
  let state: State | undefined

  const look = async (of: State): Promise<void> => {
    try {
      await read(of, log)
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' // Errors of the file system carry a code.
      if (!isMissing || !of.isOptional || of.identity !== undefined) keep(of, error as Error, log)
    }
  }
  return {
    current: async () => {
      const now = place()
      if (state?.file !== now.file || state.isOptional !== now.isOptional) state = fresh(now)
      const of = state
      const age = clock() - of.lookedAt
      // Also when the clock was put back, and the first time.
      if (!(age >= 0 && age < LOOK_EVERY) && of.looking === undefined) {
        of.lookedAt = clock()
        of.looking = look(of).finally(() => {
          of.looking = undefined
        })
      }
      await of.looking
      return of.accounts
    },
  }
}

async function read(state: State, log: Log): Promise<void> {
  const { file } = state
  const facts = await stat(file, { bigint: true })
  const identity = `${facts.ino} ${facts.size} ${facts.mtimeNs} ${facts.ctimeNs}`
  if (identity === state.identity && state.trouble === undefined) return
  if (!facts.isFile()) throw new Error('it is no file')
  if (facts.size > LARGEST) throw new Error(`it is larger than ${LARGEST / 1024 / 1024} MiB`)
  const text = await readFile(file, 'utf8')
  const lack = state.identity === undefined ? undefined : lackOf(text)
  if (lack !== undefined) throw new Error(lack)
  const isKnown = identity === state.identity
  state.trouble = undefined
  // From before it was read: what was written meanwhile is then read once more.
  state.identity = identity
  if (isKnown) return log.info({ event: 'htpasswd', file }, 'the file of users can be read again')
  state.accounts = parseHtpasswd(text)
  say(file, state.accounts, log)
}

/**
 * What shows that a file was not written to its end: editors, scripts and Apache's own tool empty it before they write
 * it, and a machine that crashes leaves zeros. Whoever wants no users leaves a line of comment in it.
 */
function lackOf(text: string): string | undefined {
  if (/^[\s\0]*$/.test(text)) return 'it is empty'
  const last = text.slice(text.lastIndexOf('\n') + 1)
  return isCut(last) ? 'it ends in the middle of a line' : undefined
}

const HASHES = ['$2a$', '$2b$', '$2y$', '$apr1$', '{SHA}']

/** Whether there is only the beginning of a name, or of a hash. What is no hash at all is somebody's mistake. */
function isCut(line: string): boolean {
  const [name = '', hash = ''] = line.split(':')
  const isBegun = name !== '' && !name.startsWith('#')
  const isOfHash = HASHES.some((one) => hash.startsWith(one) || one.startsWith(hash))
  return isBegun && isOfHash && parseHtpasswd(line).byName.size === 0
}

function say(file: string, accounts: Accounts, log: Log): void {
  const users = accounts.byName.size
  log.info({ event: 'htpasswd', file, users }, `the file of users was read: ${users} can log in`)
  for (const { line, text } of accounts.warnings) {
    log.warn({ event: 'htpasswd', file, line }, `${file}:${line}: ${text}`)
  }
}

/** Who could log in before still can, and nobody else; said once for each reason. */
function keep(state: State, error: Error, log: Log): void {
  const trouble = error.message
  if (trouble === state.trouble) return
  state.trouble = trouble
  const before = state.identity === undefined ? 'nobody can log in' : 'who could log in before still can'
  log.warn(
    { event: 'htpasswd', file: state.file, why: trouble },
    `the file of users cannot be read: ${before}`,
  )
}
