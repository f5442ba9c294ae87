import { withoutControls } from '../domain/text.ts'

/** What has no width or turns its line around: a text with it looks like another one. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
/** Far more than a line; nobody looks through more of it. */
const MOST_READ = 4000
const MOST_SHOWN = 300

/** Text of somebody else as one line of bearable length. */
export function lineOf(text: string): string {
  const plain = withoutControls(text.slice(0, MOST_READ).toWellFormed().replaceAll(UNSEEN, ' '))
  const line = plain.replaceAll(/\s+/g, ' ').trim()
  // Cut between characters, not within one.
  return line.length <= MOST_SHOWN
    ? line
    : `${line
        .slice(0, MOST_SHOWN)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
}
