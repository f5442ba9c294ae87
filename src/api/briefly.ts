/** An address without what is for somebody alone: a login, and a query, which may be signed. */
export function withoutSecrets(name: string): string {
  return name.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1').replace(/^([a-z]+:\/\/[^?]*)\?.*$/is, '$1')
}

/** What is written down of very many names, as text. */
const LONGEST = 200

/** The first names, and how many there are of them: nobody reads thousands, and nothing has to keep them. */
export function briefly(names: readonly string[]): string {
  let text = ''
  for (const [at, name] of names.entries()) {
    const longer = at === 0 ? name.slice(0, LONGEST) : `${text} ${name}`
    if (longer.length > LONGEST) return `${text} and ${names.length - at} more`
    text = longer
  }
  return text
}
