import { session } from '../session.ts'
import { w } from '../words/words.ts'
import { copyText } from './small.tsx'
import { toast } from './toasts.tsx'

/** The command that pulls a name through this cache, as docker takes it. */
export function pullLine(name: string): string {
  return `docker pull ${hostOfCache()}/${name}`
}

export function hostOfCache(): string {
  return (session.value?.base ?? window.location.origin).replace(/^https?:\/\//, '')
}

/** Copies that command, and says so. */
export async function copyPull(name: string): Promise<void> {
  await copyText(pullLine(name))
  toast(w().images.pullCopied)
}
