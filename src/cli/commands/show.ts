import { isProtocolName } from '../../domain/protocol-names.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { type Reached, withApi } from '../reach.ts'
import { fileBlocks } from '../views/files.ts'
import { imageBlocks } from '../views/image.ts'

/** `show REF`: everything about one image or file. */
export const show: Command = {
  name: 'show',
  group: 'look',
  words: 'REF',
  takes: [1, 1],
  summary: 'all about one image or file, and who shares its bytes',
  flags: { json: true },
  about: [
    'REF is written as in a pull: "nginx" is docker.io/library/nginx:latest. Files are named as "ls --files" names them,',
    'or by their address. No upstream is asked.',
  ],
  examples: [
    'show nginx:1.27',
    'show ghcr.io/org/app@sha256:…',
    'show go:golang.org/x/text@v0.3.0',
    'show https://github.com/owner/repo/releases/download/v1/tool.tgz',
  ],
  run: (context) =>
    withApi(context, async (reached) => {
      const [name = ''] = context.words
      if (isProtocolName(name) || /^https?:/i.test(name)) return await showFile(reached, name, context)
      const detail = await reached.api.get('/image', { name }, { signal: context.signal })
      if (context.flags.on('json')) context.json(detail)
      else context.print(imageBlocks(detail, context.world.clock()))
    }),
}

/** What an address or a branch leads to is known by the name that it has here. */
async function showFile({ api }: Reached, text: string, context: Context): Promise<void> {
  const { signal } = context
  const { name } = await api.get('/lookup', { name: text }, { signal })
  const detail = await api.get('/file', { name }, { signal })
  if (context.flags.on('json')) context.json(detail)
  else context.print(fileBlocks(detail, context.world.clock()))
}
