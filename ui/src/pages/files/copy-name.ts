import { copyText } from '../../parts/small.tsx'
import { toast } from '../../parts/toasts.tsx'
import { w } from '../../words/words.ts'

/** Copies the name of a file, and says so. */
export async function copyName(name: string): Promise<void> {
  await copyText(name)
  toast(w().files.copied)
}
