/** One word of a shell, whatever it holds. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The same for texts that were checked: in quotes only where a shell would see a pattern. */
export function bareWord(text: string): string {
  return /[^A-Za-z0-9._+@:/-]/.test(text) ? shellWord(text) : text
}

/** A string of TOML, YAML and JSON alike: all three read JSON's. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}
