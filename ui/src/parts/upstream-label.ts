import { w } from '../words/words.ts'

/** What is not kept by registry goes by its protocol: "hf". People know it by another name. */
export function upstreamLabel(name: string): string {
  const kinds: Readonly<Record<string, string>> = w().files.kinds
  return name.includes('.') || !Object.hasOwn(kinds, name) ? name : (kinds[name] ?? name)
}
