import { shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'
import { common, frame, type ScriptParts, WITHOUT_LINES } from './frame.ts'

/** A script that gives back what `applyScript` found, in whichever of these places it left something. */
export function undoScript(
  parts: Omit<ScriptParts, 'steps' | 'values'> & { readonly places: readonly string[] },
): string {
  const { about, words, places } = parts
  const functions = [...common(words), WITHOUT_LINES, ...parts.functions, ...restoring(words)]
  // Not quoted: some are patterns. What was written there is known by the copy beside it.
  const each = places.map((place) => `"$root"${place}.by-cachalot`)
  const steps = [
    `for copy in ${each.join(' ')}; do`,
    '  if [ -e "$copy" ]; then restore "${copy%.by-cachalot}"; fi',
    'done',
  ]
  return frame({ about, words, values: {}, functions, steps })
}

function restoring(words: ScriptWords): readonly string[] {
  return [
    `# ${words.aboutRestore}
restore() {
  file=$1
  if [ ! -e "$file" ] || cmp -s "$file" "$file.before-cachalot"; then
    :
  elif cmp -s "$file" "$file.by-cachalot"; then
    back || { left "$file"; return; }
  else
    without "$file" >"$work/base" || { left "$file"; return; }
    if [ -s "$work/base" ] || [ -e "$file.before-cachalot" ]; then
      put "$file" "$work/base" || { left "$file"; return; }
    else
      rm -f "$file"
    fi
    say ${shellWord(words.changedSince)} "$file"
  fi
  rm -f "$file.by-cachalot" "$file.before-cachalot"
  unfolder "$(dirname "$file")"
  say ${shellWord(words.restored)} "$file"
}
back() {
  target=$file
  if [ -L "$target" ]; then target=$(readlink -f "$target"); fi
  if [ ! -e "$file.before-cachalot" ]; then rm -f "$target"; return; fi
  mv -f "$file.before-cachalot" "$target" || cat "$file.before-cachalot" >"$target"
}`,
    `unfolder() {
  [ "$(ls -A "$1")" = .by-cachalot ] || return 0
  rm "$1/.by-cachalot" && rmdir "$1" && unfolder "$(dirname "$1")"
}`,
  ]
}
