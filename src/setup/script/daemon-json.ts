import { shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'

/**
 * daemon.json is merged by a program that reads JSON; one line of text too many and Docker does not start.
 * $hub (a mirror, or nothing) is put first in its list, $plain (a host, or nothing) last in its own.
 */
export function daemonFunctions(words: ScriptWords): readonly string[] {
  return [
    `# ${words.aboutJson}
daemon() {
  if ! grep -q '[^[:space:]]' "$1"; then printf '%s\\n' "$fresh"; return; fi
  if command -v jq >/dev/null; then with_jq "$1"; elif command -v python3 >/dev/null; then with_python "$1"
  else say ${shellWord(words.noJson)} >&2; say "$fresh" >&2; return 1; fi
}
with_jq() {
  edit='if type == "object" then . else error("no object") end
    | if $hub == "" then . else
        ."registry-mirrors" = [$hub] + ((."registry-mirrors" // []) - [$hub, $hub + "/"]) end
    | if $plain == "" then . else
        ."insecure-registries" = ((."insecure-registries" // []) - [$plain]) + [$plain] end'
  if jq -e --arg hub "$hub" --arg plain "$plain" "($edit) == ." "$1" >"$work/said"; then cat "$1"; return; fi
  grep -qx false "$work/said" && jq --arg hub "$hub" --arg plain "$plain" "$edit" "$1"
}
with_python() {
  python3 - "$1" "$hub" "$plain" <<'PYTHON'
import json, sys
path, hub, plain = sys.argv[1:]
text = open(path, encoding="utf-8").read()
data = json.loads(text)
before = json.dumps(data)
def listed(key):
    value = data.get(key) or []
    return value if isinstance(value, list) else sys.exit(key + " is no list")
if hub:
    data["registry-mirrors"] = [hub] + [m for m in listed("registry-mirrors") if m not in (hub, hub + "/")]
if plain:
    data["insecure-registries"] = [r for r in listed("insecure-registries") if r != plain] + [plain]
same = json.dumps(data) == before
sys.stdout.buffer.write((text if same else json.dumps(data, indent=2, ensure_ascii=False) + "\\n").encode())
PYTHON
}`,
    WITHOUT_ENTRIES,
  ]
}

/** Ours are the entries of what was written that were not there before. */
export const WITHOUT_ENTRIES = `without_entries() {
  before=$work/before
  if [ -e "$1.before-cachalot" ]; then cat "$1.before-cachalot" >"$before"; fi
  if [ ! -s "$before" ]; then echo '{}' >"$before"; fi
  if command -v jq >/dev/null; then
    jq --slurpfile by "$1.by-cachalot" --slurpfile before "$before" '
      reduce ("registry-mirrors", "insecure-registries") as $key (.;
        if has($key) then
          .[$key] -= (($by[0][$key] // []) - ($before[0][$key] // []))
          | if .[$key] == [] and ($before[0] | has($key) | not) then del(.[$key]) else . end
        else . end)' "$1"
  elif command -v python3 >/dev/null; then
    python3 - "$1" "$1.by-cachalot" "$before" <<'PYTHON'
import json, sys
data, by, before = [json.load(open(path, encoding="utf-8")) for path in sys.argv[1:]]
for key in ("registry-mirrors", "insecure-registries"):
    if key in data:
        ours = [e for e in by.get(key) or [] if e not in (before.get(key) or [])]
        data[key] = [e for e in data[key] if e not in ours]
        if not data[key] and key not in before: del data[key]
sys.stdout.buffer.write((json.dumps(data, indent=2, ensure_ascii=False) + "\\n").encode())
PYTHON
  else return 1; fi
}
without() { case $1 in */daemon.json) without_entries "$1" ;; *) without_lines "$1" ;; esac; }`
