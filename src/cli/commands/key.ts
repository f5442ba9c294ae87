import { ApiFailure } from '../../api/client.ts'
import type { Command } from '../command.ts'
import { CommandError, EXIT } from '../exit.ts'
import { expiryOf } from '../moment.ts'
import { withApi } from '../reach.ts'
import { keyTable, newKeyBlocks } from '../views/access.ts'
import { baseOf, clientLines } from '../views/key-lines.ts'

/** `key add NAME`: a key for a client that cannot log in. */
export const keyAdd: Command = {
  name: 'key add',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'make a pull key for a client that cannot log in',
  flags: { expires: true, json: true },
  about: [
    'A pull key stands in the path of the address that a client is given, and lets it pull; nothing else. The key is',
    'shown once and never again. Rules know its client as "key:NAME". Use it over https, or it can be read on the way.',
  ],
  examples: ['key add nas', 'key add ci --expires 90d'],
  run: async (context) => {
    const [name = ''] = context.words
    const expiresAt = expiryOf(context)
    const ask = { name, ...(expiresAt === undefined ? {} : { expiresAt }) }
    await withApi(
      context,
      async ({ api, config }) => {
        const { key, secret } = await api.put('/keys', ask, { signal: context.signal })
        const base = baseOf(config.server)
        if (context.flags.on('json'))
          return context.json({ ...key, secret, lines: clientLines(base, secret) })
        context.print(newKeyBlocks(secret, clientLines(base, secret)))
        if (base.isPlain) context.note('warning: over plain http everybody on the way can read the key')
        return context.note('the key is shown this once. take it back with: cachalot key rm ' + key.name)
      },
      { create: true },
    )
  },
}

/** `key rm NAME`: the key is refused from now on. */
export const keyRm: Command = {
  name: 'key rm',
  group: 'change',
  words: 'NAME',
  takes: [1, 1],
  summary: 'take a pull key back, at once',
  flags: {},
  run: (context) =>
    withApi(context, async ({ api }) => {
      const [name = ''] = context.words
      try {
        await api.del('/keys', { name }, { signal: context.signal })
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.status !== 404) throw error
        throw new CommandError({ what: error.message, hint: 'cachalot key ls' }, EXIT.notFound)
      }
      context.note(`${name} is refused from now on`)
    }),
}

/** `key ls`: the keys in force and when they were last used. */
export const keyLs: Command = {
  name: 'key ls',
  group: 'look',
  summary: 'pull keys and when they were last used',
  flags: { json: true },
  run: (context) =>
    withApi(context, async ({ api }) => {
      const { items } = await api.get('/keys', {}, { signal: context.signal })
      if (context.flags.on('json')) context.json({ items })
      else if (items.length === 0) context.note('there are no pull keys')
      else context.print([{ kind: 'table', table: keyTable(items, context.world.clock()) }])
    }),
}
