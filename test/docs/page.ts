import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

export interface Heading {
  readonly level: number
  readonly text: string
  /** What a link to it says behind the "#", as GitHub makes it. */
  readonly anchor: string
}

/** What stands between two fences. */
export interface Block {
  readonly language: string
  readonly text: string
  /** Of its first fence, from 1. */
  readonly line: number
}

export interface Link {
  readonly isImage: boolean
  readonly label: string
  readonly target: string
  readonly line: number
}

export interface Page {
  /** Below the root of the project. */
  readonly path: string
  /** Those of blocks are empty. */
  readonly lines: readonly string[]
  readonly headings: readonly Heading[]
  readonly blocks: readonly Block[]
  readonly links: readonly Link[]
}

/** A page of Markdown as far as these tests look at it; blocks hold neither headings nor links. */
export function readPage(path: string): Page {
  const { lines, blocks } = withoutBlocks(readFileSync(join(ROOT, path), 'utf8').split('\n'))
  const anchors = new Map<string, number>()
  const headings = lines.flatMap((line): Heading[] => {
    const [, marks, text = ''] = /^(#+) (.*)$/.exec(line) ?? []
    return marks === undefined ? [] : [{ level: marks.length, text, anchor: unique(anchors, anchorOf(text)) }]
  })
  const links = lines.flatMap((line, i) =>
    [...line.replaceAll(/`[^`]*`/g, '').matchAll(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g)].map(
      ([, mark, label = '', target = '']): Link => ({ isImage: mark === '!', label, target, line: i + 1 }),
    ),
  )
  return { path, lines, headings, blocks, links }
}

/** The lines of everything else stay where they are; those of blocks become empty. */
function withoutBlocks(lines: readonly string[]): { lines: string[]; blocks: Block[] } {
  const rest: string[] = []
  const blocks: Block[] = []
  let open: { language: string; line: number; text: string[] } | undefined
  for (const [i, line] of lines.entries()) {
    const [fence, language = ''] = /^```(\w*)$/.exec(line) ?? []
    if (fence !== undefined && open !== undefined) {
      blocks.push({ ...open, text: open.text.join('\n') })
      open = undefined
    } else if (fence !== undefined) open = { language, line: i + 1, text: [] }
    else open?.text.push(line)
    rest.push(open !== undefined || fence !== undefined ? '' : line)
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} has no end`)
  return { lines: rest, blocks }
}

function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

function unique(seen: Map<string, number>, anchor: string): string {
  const count = seen.get(anchor) ?? 0
  seen.set(anchor, count + 1)
  return count === 0 ? anchor : `${anchor}-${count}`
}

/** What somebody would type: of a block for a shell all of it, of a session what stands behind its prompts. */
export function commandsOf({ language, text }: Block): string[] {
  const lines = text.replaceAll('\\\n', '').split('\n')
  const typed =
    language === 'sh'
      ? lines.map((line) => line.replace(/(^|\s{2,})#.*$/, ''))
      : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
  return typed.map((line) => line.trim().replaceAll(/\s+/g, ' ')).filter((line) => line !== '')
}

export function firstLine({ text }: Block): string {
  return text.split('\n')[0] ?? ''
}
