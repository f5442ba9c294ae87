/** One step of an image's history, as the image tells it. */
export interface Step {
  readonly command: string
}

/**
 * What a Dockerfile may have looked like, from an image's history (OCI image spec, "history"): nobody keeps the real one.
 * Commands are those of docker, "/bin/sh -c #(nop) CMD …", or of BuildKit, "RUN /bin/sh -c … # buildkit".
 */
export function rebuildDockerfile(steps: readonly Step[]): string {
  const lines = steps.map(({ command }) => instructionOf(command)).filter((line) => line !== '')
  return lines.length === 0 ? '' : `FROM scratch\n${lines.join('\n')}\n`
}

const SHELL = String.raw`(?:\|\d+ (?:[^ =]+=\S* )*)?(?:\/bin\/(?:ba|a)?sh -o pipefail -c|\/bin\/(?:ba|a)?sh -c)`
const NOTHING = new RegExp(`^${SHELL} #\\(nop\\)\\s+`)
const PLAIN = new RegExp(`^${SHELL} `)
const BUILT = new RegExp(`^RUN ${SHELL} `)

function instructionOf(command: string): string {
  const bare = command.replace(/\s+# buildkit$/, '').trim()
  if (bare === '') return ''
  if (NOTHING.test(bare)) return bare.replace(NOTHING, '')
  if (BUILT.test(bare)) return folded(bare.replace(BUILT, 'RUN '))
  if (PLAIN.test(bare)) return folded(bare.replace(PLAIN, 'RUN '))
  // Others write their own words: "bazel build …".
  return /^[A-Z]+ /.test(bare) ? folded(bare) : `# ${bare}`
}

/** Line breaks were lost; what stood in front of the next line was not. */
function folded(line: string): string {
  return line.replaceAll(/(?: {2,}|\t+)(?=\S)/g, ' \\\n    ')
}
