/**
 * Text of a client that is kept for a while: at most `most` characters, and, where it came out of something long, a
 * copy, since a short piece of a string else keeps the whole of it in memory.
 */
export function keptText(text: string, most: number, cameFrom = text.length): string {
  if (text.length <= most && cameFrom <= 2 * most) return text
  return Buffer.from(text.slice(0, most), 'utf8').toString('utf8')
}
