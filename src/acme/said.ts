/** Characters of a program's output that are kept: the last ones, where the reason is. */
export const MOST_OUTPUT = 64 * 1024
const MOST_SAID = 1000

/** A shorter value is more likely a switch than a secret, and masking it would eat words. */
const SHORTEST_SECRET = 4

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/**
 * What a program said about its failure, fit for the log: its last lines, without secrets, colours and control
 * characters.
 */
export function saidIn(output: string, secrets: readonly string[]): string {
  const lines = mask(output, secrets)
    .replaceAll(COLOUR, '')
    .split('\n')
    .map((line) => line.replaceAll(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim())
    .filter((line) => line !== '')
  const said = lines.slice(-4).join(' | ')
  return said.length > MOST_SAID ? `…${said.slice(-MOST_SAID)}` : said
}

function mask(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  // Longest first, so that no end of a secret stays when another one begins it.
  return long.toSorted((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, '***'), text)
}
