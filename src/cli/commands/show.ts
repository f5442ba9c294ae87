import type { Command } from '../command.ts'
import { withApi } from '../reach.ts'
import { imageBlocks } from '../views/image.ts'

/** `show REF`: everything about one image. */
export const show: Command = {
  name: 'show',
  group: 'look',
  words: 'REF',
  takes: [1, 1],
  summary: 'tags, platforms and layers of one image, and who shares them',
  flags: { json: true },
  about: ['REF is written as in a pull: "nginx" is docker.io/library/nginx:latest. No upstream is asked.'],
  examples: ['show nginx:1.27', 'show ghcr.io/org/app@sha256:…'],
  run: (context) =>
    withApi(context, async ({ api }) => {
      const [name = ''] = context.words
      const detail = await api.get('/image', { name }, { signal: context.signal })
      if (context.flags.on('json')) context.json(detail)
      else context.print(imageBlocks(detail, context.world.clock()))
    }),
}
