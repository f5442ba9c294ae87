import { shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'

/** The parts of a script that one kind of client needs. */
export interface ScriptParts {
  /** One line for whoever reads it first. */
  readonly about: string
  readonly words: ScriptWords
  /** Values by name of variable. */
  readonly values: Readonly<Record<string, string>>
  /** Shell functions. */
  readonly functions: readonly string[]
  /** What is done with them, one command a line. */
  readonly steps: readonly string[]
}

/** Root where it is needed: whoever names a folder of their own to try it in needs none. */
const AS_ROOT = `$([ -n "\${CACHALOT_ROOT-}" ] || [ "$(id -u)" -eq 0 ] || echo sudo) sh`

/**
 * A script to be pasted as a whole into whatever shell somebody has; another shell reads it, so an error
 * ends that one alone. Nothing is done before all of it was read.
 */
export function frame({ about, words, values, functions, steps }: ScriptParts): string {
  const lines = [
    `${AS_ROOT} <<'CACHALOT'`,
    `# ${about}`,
    `# ${words.tryIt}`,
    'umask 022',
    'root=${CACHALOT_ROOT-} bad=0',
    'work=$(mktemp -d) || exit 1',
    `trap 'rm -rf "$work"' EXIT`,
    ...Object.entries(values).map(([name, value]) => `${name}=${shellWord(value)}`),
    ...functions,
    'main() {',
    ...steps.map((step) => `  ${step}`),
    '}',
    'main </dev/null',
    'exit "$bad"',
    'CACHALOT',
    '',
  ]
  return lines.join('\n')
}

/** What both ways need: words for people, the file without our lines, and a file's new text. */
export function common(words: ScriptWords): readonly string[] {
  return [
    `say() { printf '%s\\n' "$*"; }`,
    `left() { say ${shellWord(words.left)} "$*" >&2; bad=1; }`,
    `# ${words.aboutPut}
put() {
  target=$1
  if [ -L "$target" ]; then target=$(readlink -f "$target"); fi
  if [ -e "$target" ]; then cp -p "$target" "$target.cachalot-new"; else : >"$target.cachalot-new"; fi &&
    cat "$2" >"$target.cachalot-new" && { mv -f "$target.cachalot-new" "$target" || cat "$2" >"$target"; } ||
    { rm -f "$target.cachalot-new"; return 1; }
}`,
  ]
}

/** Other kinds of files have other ways to tell; they say `without` anew. */
export const WITHOUT_LINES = `without_lines() {
  awk '
    /^[ \\t]*# cachalot: begin/ { mine = 1; next }
    /^[ \\t]*# cachalot: end/ { mine = 0; next }
    mine && sub(/^#was /, "") { print; next }
    !mine' "$1"
}
without() { without_lines "$1"; }`
