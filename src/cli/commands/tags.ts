import type { Command } from '../command.ts'
import { withApi } from '../reach.ts'
import { hubNotes, hubTagTable } from '../views/hub.ts'

/** `tags REPOSITORY`: what Docker Hub has of one repository. */
export const tags: Command = {
  name: 'tags',
  group: 'look',
  words: 'REPOSITORY',
  takes: [1, 1],
  summary: 'tags that Docker Hub has of a repository, and which are here',
  flags: { filter: 'only tags with this in their names: "1.27"', page: true, json: true },
  about: [
    'The youngest come first, 25 at a time. "here" says "moved" where an image of the tag is cached and Docker Hub has a',
    'newer one. "size" is what is pulled, from the smallest platform to the largest. Docker Hub is asked as "search" asks',
    'it; what only the cache knows of a repository, "ls REPOSITORY:*" lists.',
  ],
  examples: ['tags nginx', 'tags grafana/grafana --filter 11.', 'tags docker.io/library/nginx --page 2'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const { flags, signal, world } = context
      const [repository = ''] = context.words
      const [number, part] = [flags.count('page'), flags.text('filter')]
      const ask = { repository, ...(number && { page: number }), ...(part !== undefined && { q: part }) }
      const page = await api.get('/hub/tags', ask, { signal })
      if (flags.on('json')) return context.json(page)
      const now = world.clock()
      if (page.items.length > 0) context.print([{ kind: 'table', table: hubTagTable(page.items, now) }])
      for (const note of hubNotes(page, 'tag', now)) context.note(note)
    }),
}
