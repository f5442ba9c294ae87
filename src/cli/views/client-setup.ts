import type { Setup } from '../../setup/setup.ts'
import { type Block, gap, line, picture } from '../blocks.ts'

/** The blocks of the Setup page, one below the other. */
export function setupBlocks({ files, apply, undo, reload, test, notes }: Setup): readonly Block[] {
  return [
    ...files.flatMap(({ path, content }) => part(path, content)),
    ...(apply === undefined ? [] : part('run this on the client', apply)),
    ...(reload === undefined ? [] : part('then', reload)),
    ...part('try it', test),
    ...(undo === undefined ? [] : part('to take it back', undo)),
    ...notes.map(({ level, text }) => line(`- ${text}`, level === 'warn' ? 'warn' : undefined)),
  ]
}

function part(title: string, text: string): readonly Block[] {
  return [
    picture(title, 'strong'),
    ...text
      .trimEnd()
      .split('\n')
      .map((one) => line(one)),
    gap,
  ]
}
