import { isPlatformWord } from '../frontends/oci/image-manifest.ts'
import type { ManifestDetail } from './contract-contents.ts'
import { type Loose, looseOf, parseLoose, textOf, textsOf } from './loose.ts'

type ConfigDetail = NonNullable<ManifestDetail['config']>

/** A step of the history of an image, as its config tells it. */
export interface ConfigStep {
  readonly command: string
  readonly createdAt: string | undefined
  /** It made no layer. */
  readonly isEmpty: boolean
}

export interface ImageConfig {
  readonly detail: ConfigDetail
  readonly steps: readonly ConfigStep[]
}

/** Of the rest nobody reads more. */
const MOST = 500
const LONGEST_COMMAND = 8192

/** What the config of an image says (OCI image spec, "config"), as far as it is well-formed. */
export function readConfig(bytes: Buffer, raw: string): ImageConfig {
  const json = parseLoose(bytes)
  const config = looseOf(json['config'])
  const parts = [json['os'], json['architecture'], json['variant']].filter(isPlatformWord)
  return {
    detail: {
      raw,
      platform: parts.length < 2 ? undefined : parts.join('/'),
      createdAt: textOf(json['created']),
      user: textOf(config['User']),
      entrypoint: textsOf(config['Entrypoint']),
      command: textsOf(config['Cmd']),
      workdir: textOf(config['WorkingDir']),
      env: textsOf(config['Env']),
      ports: keysOf(config['ExposedPorts']),
      volumes: keysOf(config['Volumes']),
      labels: wordsOf(config['Labels']),
    },
    steps: stepsOf(json['history']),
  }
}

function stepsOf(history: unknown): readonly ConfigStep[] {
  if (!Array.isArray(history)) return []
  return history
    .slice(0, MOST)
    .map(looseOf)
    .map((step) => ({
      command: (textOf(step['created_by']) ?? textOf(step['comment']) ?? '').slice(0, LONGEST_COMMAND),
      createdAt: textOf(step['created']),
      isEmpty: step['empty_layer'] === true,
    }))
}

function keysOf(value: unknown): readonly string[] {
  return textsOf(Object.keys(looseOf(value)))
}

/** Labels or annotations. */
export function wordsOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.entries(looseOf(value) satisfies Loose).slice(0, MOST)
  return Object.fromEntries(
    pairs.flatMap(([name, word]) => {
      const text = textOf(word)
      return text === undefined ? [] : [[textOf(name) ?? '', text]]
    }),
  )
}
