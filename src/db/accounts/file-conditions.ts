import type { Condition } from '../../domain/condition.ts'
import { createFileGlob, createFileGlobs } from '../../domain/file-globs.ts'
import type { FileKind } from '../../domain/file-names.ts'
import { createGlob } from '../../domain/glob.ts'
import { isProtocolName } from '../../domain/protocol-names.ts'
import { numberCondition } from './conditions.ts'
import type { FileFacts } from './file-facts.ts'

type Test = (file: FileFacts) => boolean

export interface FileTestAsk {
  /** A glob on names of files, or of repositories as a whole. */
  readonly q?: string
  readonly kind?: FileKind
  readonly conditions?: readonly Condition[]
  /** Patterns of the pins in force that are about files. */
  readonly pins: readonly string[]
}

/** Whether a file is asked for. What only images can be, no file is. */
export function fileTest({ q, kind, conditions = [], pins }: FileTestAsk): Test {
  const isPinned = createPinTest(pins)
  // Numbers are compared in no time; globs are for what is left then.
  const sorted = conditions.toSorted((a, b) => Number(a.kind === 'name') - Number(b.kind === 'name'))
  const tests: Test[] = [
    ...(kind === undefined ? [] : [({ of }: FileFacts) => of.kind === kind]),
    ...sorted.map((condition): Test => {
      const test = testOf(condition, isPinned)
      return condition.not === true ? (file) => !test(file) : test
    }),
    ...(q === undefined ? [] : [nameTest(q)]),
  ]
  return (file) => tests.every((test) => test(file))
}

/** Whether a pin covers a file: its name says so, not the bytes it shares with others. */
export function createPinTest(pins: readonly string[]): Test {
  const globs = createFileGlobs(pins.map((match) => ({ match, value: true })))
  return ({ of, file, marked }) =>
    marked &&
    pins.length > 0 &&
    globs.ofName({ ...of, file: file === '' ? undefined : file }).next().done === false
}

function nameTest(glob: string): Test {
  if (!isProtocolName(glob)) {
    const matches = createGlob(glob)
    return ({ name, place }) => matches(name) || matches(place)
  }
  const { isOfAll, isOf, mayBeIn } = createFileGlob(glob)
  // Files of one repository stand together: its name is looked at once.
  let place: string | undefined
  let may = false
  let all = false
  return (file) => {
    if (file.place !== place) {
      place = file.place
      may = mayBeIn(place)
      all = isOfAll(place)
    }
    return all || (may && isOf(file.name))
  }
}

function testOf(condition: Condition, isPinned: Test): Test {
  switch (condition.kind) {
    case 'pinned':
      return isPinned
    case 'gone':
      return ({ goneAt }) => goneAt !== undefined
    case 'upstream':
      return ({ of }) => of.kind === condition.name
    case 'name': {
      // In front of a word stands what may precede it in a whole name; a protocol's name has nothing before it.
      const own = condition.glob.replace(/^\*\*\//, '')
      return nameTest(isProtocolName(own) ? own : condition.glob)
    }
    default:
      return numberCondition(condition) ?? (() => false)
  }
}
