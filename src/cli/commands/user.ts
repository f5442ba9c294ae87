import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { roleOf } from '../../auth/authenticate.ts'
import { nameProblem, parseHtpasswd } from '../../auth/htpasswd.ts'
import { editUsers, readUsers } from '../../auth/htpasswd-edit.ts'
import { hasUser, withoutUser, withUser } from '../../auth/htpasswd-lines.ts'
import { hashPassword } from '../../auth/passwords.ts'
import { usersPlace } from '../../config/users.ts'
import type { Role } from '../../domain/principal.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { badValue } from '../flags.ts'
import { newPassword } from '../password.ts'
import { userTable } from '../views/access.ts'

const ABOUT = [
  'The password is typed twice, or read from standard input: printf %s "$PASSWORD" | cachalot user add alice',
  'It is hashed with bcrypt. A running server knows within a second.',
]

/** `user add NAME`: somebody new who can log in. */
export const userAdd: Command = {
  name: 'user add',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'let somebody log in',
  flags: { role: true, file: true },
  about: [...ABOUT, 'auth.admins and auth.operators give roles too; the higher one counts.'],
  examples: ['user add alice', 'user add bob --role operator', 'user add eve --file /etc/cachalot/users'],
  run: async (context) => {
    const name = nameOf(context)
    const file = fileOf(context)
    const role = roleFlag(context)
    // Before anybody types a password for nothing.
    if (hasUser(await textOf(file), name)) throw taken(name)
    const hash = await hashPassword(await newPassword(context, name))
    makeFolder(context)
    await edit(file, (text) => {
      if (hasUser(text, name)) throw taken(name)
      return withUser(text, name, { hash, role: role ?? 'user' })
    })
    context.note(`${name} can log in now (${file})`)
  },
}

/** `user passwd NAME`: a new password for somebody. */
export const userPasswd: Command = {
  name: 'user passwd',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'give a user another password, and with --role another role',
  flags: { role: true, file: true },
  about: ABOUT,
  run: async (context) => {
    const name = nameOf(context)
    const file = fileOf(context)
    const role = roleFlag(context)
    if (!hasUser(await textOf(file), name)) throw unknown(name, file)
    const hash = await hashPassword(await newPassword(context, name))
    await edit(file, (text) => {
      if (!hasUser(text, name)) throw unknown(name, file)
      return withUser(text, name, role === undefined ? { hash } : { hash, role })
    })
    context.note(`${name} has another password now (${file})`)
  },
}

/** `user rm NAME`: somebody who can no longer log in. */
export const userRm: Command = {
  name: 'user rm',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'let somebody no longer log in',
  flags: { file: true },
  run: async (context) => {
    const [name = ''] = context.words
    const file = fileOf(context)
    await edit(file, (text) => {
      const rest = withoutUser(text, name)
      if (rest === undefined) throw unknown(name, file)
      return rest
    })
    context.note(`${name} can no longer log in (${file})`)
  },
}

/** `user ls`: who can log in. */
export const userLs: Command = {
  name: 'user ls',
  group: 'look',
  summary: 'who can log in, with which role',
  flags: { file: true, json: true },
  run: async (context) => {
    const file = fileOf(context)
    const { auth } = requireConfig(context).config
    const { byName, warnings } = parseHtpasswd(await textOf(file))
    const items = [...byName.values()].map((account) => ({
      name: account.name,
      role: roleOf(account, auth),
      hash: account.scheme === 'bcrypt' ? `bcrypt ${account.cost}` : account.scheme,
    }))
    if (context.flags.on('json')) return context.json({ items, warnings })
    if (items.length > 0) context.print([{ kind: 'table', table: userTable(items) }])
    else context.note(`nobody can log in (${file})`)
    for (const { line, text } of warnings) context.note(`warning: ${file}:${line}: ${text}`)
    return undefined
  },
}

function nameOf({ words: [name = ''] }: Context): string {
  const problem = nameProblem(name)
  if (problem !== undefined) throw usageError(problem.message)
  return name
}

function fileOf(context: Context): string {
  const given = context.flags.text('file')
  return given === undefined ? usersPlace(requireConfig(context).config).file : resolve(given)
}

/** The data folder, where the server was never started. */
function makeFolder(context: Context): void {
  if (context.flags.text('file') !== undefined) return
  const { file, isOptional } = usersPlace(requireConfig(context).config)
  if (isOptional) mkdirSync(dirname(file), { recursive: true, mode: 0o750 })
}

/** Throws CommandError (exit 2). */
function roleFlag({ flags }: Context): Role | undefined {
  const text = flags.text('role')
  if (text === undefined || text === 'user' || text === 'operator' || text === 'admin') return text
  throw badValue('role', text, 'user, operator or admin')
}

function taken(name: string): CommandError {
  return new CommandError({ what: `there is a user "${name}" already`, hint: `cachalot user passwd ${name}` })
}

function unknown(name: string, file: string): CommandError {
  return new CommandError(
    { what: `there is no user "${name}" in ${file}`, hint: 'cachalot user ls' },
    EXIT.notFound,
  )
}

function textOf(file: string): Promise<string> {
  return withWords(file, () => readUsers(file))
}

function edit(file: string, change: (text: string) => string): Promise<void> {
  return withWords(file, () => editUsers(file, change))
}

/** Errors of the file system as people read them. */
async function withWords<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CommandError) throw error
    // Whatever else it throws comes from the file system and carries a code.
    const { code, message } = error as NodeJS.ErrnoException
    const isDenied = code === 'EACCES' || code === 'EPERM'
    const hint = code === 'EBUSY' ? 'it is mounted by itself: mount the folder it lies in' : 'see --file'
    throw new CommandError(
      { what: `${file} cannot be used`, why: message, hint },
      isDenied ? EXIT.auth : EXIT.failed,
    )
  }
}
