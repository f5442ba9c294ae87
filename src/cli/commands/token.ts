import { ApiFailure } from '../../api/client.ts'
import { line } from '../blocks.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { expiryOf } from '../moment.ts'
import { withApi } from '../reach.ts'
import { tokenTable } from '../views/access.ts'

/** `token add NAME --user USER`: what a program logs in to the API with. */
export const tokenAdd: Command = {
  name: 'token add',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'make an API token for a program of a user',
  flags: { user: 'whose token it is: it may do what that user may', expires: true, json: true },
  about: [
    'With "Authorization: Bearer TOKEN" a program may do over /api/v1 what the role of that user allows, and pull nothing.',
    'The token is shown once and never again. It ends with its user, and when the user gets another password.',
  ],
  examples: ['token add ci --user alice', 'token add monitor --user bob --expires 90d'],
  run: async (context) => {
    const [name = ''] = context.words
    const user = requireUser(context)
    const expiresAt = expiryOf(context)
    const ask = { name, user, ...(expiresAt === undefined ? {} : { expiresAt }) }
    await withApi(context, async ({ api }) => {
      const { token, secret } = await orMissing('cachalot user ls', () =>
        api.put('/tokens', ask, { signal: context.signal }),
      )
      if (context.flags.on('json')) return context.json({ ...token, secret })
      context.print([line(secret, 'accent')])
      return context.note(
        `the token is shown this once. take it back with: cachalot token rm ${token.name} --user ${token.user}`,
      )
    })
  },
}

/** `token rm NAME --user USER`: the token is refused from now on. */
export const tokenRm: Command = {
  name: 'token rm',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'take an API token back, at once',
  flags: { user: 'whose token it is' },
  examples: ['token rm ci --user alice'],
  run: async (context) => {
    const [name = ''] = context.words
    const user = requireUser(context)
    await withApi(context, async ({ api }) => {
      await orMissing('cachalot token ls', () =>
        api.del('/tokens', { name, user }, { signal: context.signal }),
      )
      context.note(`${name} of ${user} is refused from now on`)
    })
  },
}

/** `token ls`: the tokens in force and when they were last used. */
export const tokenLs: Command = {
  name: 'token ls',
  group: 'look',
  summary: 'API tokens and when they were last used',
  flags: { user: 'those of one user', json: true },
  run: (context) =>
    withApi(context, async ({ api }) => {
      const user = context.flags.text('user')
      const ask = user === undefined ? {} : { user }
      const { items } = await api.get('/tokens', ask, { signal: context.signal })
      if (context.flags.on('json')) context.json({ items })
      else if (items.length === 0) context.note('there are no API tokens')
      else context.print([{ kind: 'table', table: tokenTable(items, context.world.clock()) }])
    }),
}

/** Throws CommandError (exit 2). */
function requireUser({ flags }: Context): string {
  const user = flags.text('user')
  if (user === undefined)
    throw usageError({ what: '--user is missing: whose token is it?', hint: 'cachalot user ls' })
  return user
}

/** Says where to look for what is not there. */
async function orMissing<T>(hint: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error
    throw new CommandError({ what: error.message, hint }, EXIT.notFound)
  }
}
