import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** A program that answers like lego 5 and signs certificates itself. */
export interface StandIn {
  readonly file: string
  /** The arguments of each call but those for help, one line each. */
  calls(): string[]
  /** The environment of the last call. */
  environment(): string
  /** What it does from now on: a shell command that runs in place of the issue; undefined: the issue. */
  behave(instead: string | undefined): void
  /** What it answers to `run --help`. */
  help(text: string): void
}

const SCRIPT = String.raw`#!/bin/sh
here=$(dirname "$0")
if [ "$2" = --help ]; then cat "$here/help"; exit 0; fi
echo "$@" >> "$here/calls"
env > "$here/environment"
pwd > "$here/folder"
names= comma= first= path= webroot=
while [ $# -gt 0 ]; do
  case "$1" in
    --path) path=$2; shift ;;
    --http.webroot) webroot=$2; shift ;;
    --domains) [ -n "$first" ] || first=$2; names=$names$comma"DNS:$2"; comma=,; shift ;;
  esac
  shift
done
if [ -f "$here/instead" ]; then . "$here/instead"; fi
folder=$path/certificates
mkdir -p "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$first" \
  -addext "subjectAltName=$names" -keyout "$folder/$first.key" -out "$folder/$first.crt" 2>/dev/null
`

export async function createStandIn(t: Cleanup): Promise<StandIn> {
  const folder = await tempDir(t)
  const at = (name: string) => join(folder, name)
  const read = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '')
  writeFileSync(at('lego'), SCRIPT)
  chmodSync(at('lego'), 0o700)
  writeFileSync(at('help'), 'OPTIONS:\n  --http.address string\n')
  return {
    file: at('lego'),
    calls: () => read('calls').split('\n').slice(0, -1),
    environment: () => read('environment'),
    behave: (instead) => {
      if (instead === undefined) rmSync(at('instead'), { force: true })
      else writeFileSync(at('instead'), instead)
    },
    help: (text) => writeFileSync(at('help'), text),
  }
}
