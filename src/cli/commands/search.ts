import type { Command } from '../command.ts'
import { withApi } from '../reach.ts'
import { hubImageTable, hubNotes } from '../views/hub.ts'

/** `search WORDS`: what Docker Hub has by these words. */
export const search: Command = {
  name: 'search',
  group: 'look',
  words: 'WORDS',
  takes: [1, 20],
  summary: 'repositories of Docker Hub, and which of them are here',
  flags: { page: true, json: true },
  about: [
    'Docker Hub is asked, 25 repositories at a time; its answers are good for five minutes. Where it cannot be asked, an',
    'earlier answer is shown, else what is cached here; a note on standard error says so. Of a reference only the',
    'repository counts. Names without an owner in front are official. This takes nothing from the pull limit. [hub] in',
    'config.toml switches it off.',
  ],
  examples: ['search nginx', 'search grafana/grafana', 'search web server --page 2', 'search nginx --json'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const { flags, signal, world } = context
      const number = flags.count('page')
      const q = context.words.join(' ')
      const page = await api.get('/hub/search', { q, ...(number && { page: number }) }, { signal })
      if (flags.on('json')) return context.json(page)
      if (page.items.length > 0) context.print([{ kind: 'table', table: hubImageTable(page.items) }])
      for (const note of hubNotes(page, 'repository', world.clock())) context.note(note)
    }),
}
