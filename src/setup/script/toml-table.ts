import { BEGIN, END } from './hosts-toml.ts'

/**
 * `toml KIND HEADER KEY VALUE FILE`: the table gets that key. Where it has the key already, a `list` gets
 * the value as its first one, and any other value the old one's place; the old line stays as a remark.
 * Where there is no such table, it comes last. Quotes of either kind are one to it.
 */
export const TOML_TABLE = `toml() {
  awk -v kind="$1" -v header="$2" -v key="$3" -v value="$4" '
    function begin() { print "${BEGIN}" }
    function end() { print "${END}" }
    function line() { print "  " key " = " (kind == "list" ? "[" value "]" : value) }
    function plain(text) {
      gsub(/\\047/, "\\"", text)
      sub(/[ \\t]#.*$/, "", text)
      gsub(/[ \\t\\r]/, "", text)
      return text
    }
    function isheader(   text) {
      text = plain($0)
      return text ~ /^\\[.*\\]$/ && text !~ /,/
    }
    function replaced(old,   at) {
      begin()
      print "#was " old
      at = index(old, "[")
      if (kind == "list" && at > 0) print substr(old, 1, at) value ", " substr(old, at + 1)
      else line()
      end()
    }
    function finish(   i, had, all) {
      for (i = 2; i <= held; i++) {
        if (plain(hold[i]) ~ "^\\"?" key "\\"?=") had = i
        if (had && all !~ /\\]/) all = all hold[i]
      }
      gsub(/\\047/, "\\"", all)
      print hold[1]
      if (!had) { begin(); line(); end() }
      for (i = 2; i <= held; i++)
        if (i == had && index(all, value) == 0) replaced(hold[i])
        else print hold[i]
      held = 0
      done = 1
    }
    isheader() {
      if (held) finish()
      if (!done && plain($0) == header) { hold[++held] = $0; next }
    }
    held { hold[++held] = $0; next }
    { print }
    END {
      if (held) finish()
      if (!done) { begin(); print header; line(); end() }
    }' "$5"
}`
