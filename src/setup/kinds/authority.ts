import type { Plan } from '../plan.ts'
import { shellWord } from '../quote.ts'

/** A file that Docker and podman read beside whatever else lies in its folder. */
export function authorityFile(tree: string, { address }: Plan): string {
  return `${tree}/${address.host}/cachalot.crt`
}

/** What to do for clients that look for certificates in a folder by the name of the host. */
export function authority(tree: string, plan: Plan, about: string): { functions: string[]; steps: string[] } {
  if (plan.ca === undefined) return { functions: [], steps: [] }
  return {
    functions: [`# ${about}\nauthority() { cat ${shellWord(plan.ca)}; }`],
    steps: [`change ${shellWord(authorityFile(tree, plan))} authority`],
  }
}
