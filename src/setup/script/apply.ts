import { shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'
import { common, frame, type ScriptParts, WITHOUT_LINES } from './frame.ts'

/**
 * A script that changes files. Beside each lie a copy of what was there (`.before-cachalot`) and of what
 * was written (`.by-cachalot`): as long as the file is that, the next run starts from the first and the
 * undo gives it back; once somebody else changed it, only our lines are ours. Both copies are there before
 * the file changes, so a run that is cut off can be undone like any other.
 *
 * What holds $secret is readable for its owner alone, copies too, where the file is ours; one that was there keeps its
 * mode, and whoever runs the script hears of it when others can read it.
 */
export function applyScript(parts: ScriptParts): string {
  const functions = [...common(parts.words), ...changing(parts.words), ...parts.functions]
  return frame({ ...parts, functions })
}

function changing(words: ScriptWords): readonly string[] {
  return [
    `# ${words.aboutFolder}
folder() {
  [ -d "$1" ] || { folder "$(dirname "$1")" && mkdir -m 755 "$1" && : >"$1/.by-cachalot"; }
}`,
    WITHOUT_LINES,
    `# ${words.aboutBase}
base() {
  had=yes edited=no
  if [ ! -e "$1" ]; then
    had=no && : >"$work/base" && rm -f "$1.before-cachalot" "$1.by-cachalot"
  elif [ ! -e "$1.by-cachalot" ]; then
    cat "$1" >"$work/base"
  elif cmp -s "$1" "$1.before-cachalot"; then
    cat "$1" >"$work/base"
  elif ! cmp -s "$1" "$1.by-cachalot"; then
    edited=yes && without "$1" >"$work/base"
  elif [ -e "$1.before-cachalot" ]; then
    cat "$1.before-cachalot" >"$work/base"
  else
    had=no && : >"$work/base"
  fi
}`,
    `# ${words.aboutChange}
# ${words.aboutGuard}
change() {
  file=$root$1 && shift
  base "$file" || { left "$file"; return; }
  "$@" "$work/base" >"$work/new" || { left "$file"; return; }
  guard || { left "$file"; return; }
  if [ -e "$file" ] && cmp -s "$file" "$work/new"; then
    say ${shellWord(words.already)} "$file"
    return
  fi
  folder "$(dirname "$file")" && keep && put "$file" "$work/new" || { left "$file"; return; }
  say ${shellWord(words.written)} "$file"
}
guard() {
  umask 022
  if [ -z "$secret" ] || ! grep -qF "$secret" "$work/new"; then return 0; fi
  umask 077
  [ -e "$file" ] || return 0
  if [ "$had" = no ]; then chmod 600 "$file" "$file.by-cachalot"; return; fi
  case $(ls -Lld "$file") in ???????r*) say ${shellWord(words.readable)} "$file" >&2 ;; esac
}
keep() {
  if [ "$had" = yes ] && { [ ! -e "$file.by-cachalot" ] || [ ! -e "$file.before-cachalot" ]; }; then
    cp -p "$file" "$file.before-cachalot" || return
  fi
  if [ "$edited" = yes ] && [ "$had" = yes ]; then cat "$work/base" >"$file.before-cachalot" || return; fi
  if [ -e "$file" ]; then cp -p "$file" "$file.by-cachalot" || return; fi
  cat "$work/new" >"$file.by-cachalot"
}`,
  ]
}
