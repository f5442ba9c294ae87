import { z } from 'zod'
import type { PullFloor } from '../domain/prefetch-list.ts'
import { readWarmName } from '../domain/warm-name.ts'
import { parseCron } from './cron.ts'
import { type Refusal, refuse } from './parsers.ts'
import { asIs, list, optionalText, text } from './values.ts'

/** Names of one list; more are no list that somebody wrote. */
export const MOST_NAMES = 1000
const MOST_NEWEST = 100
const LONGEST_NAME = 64

/** One [[prefetch]]: images that are brought in by the clock, before somebody asks for them. */
export const prefetch = z.strictObject({
  name: optionalText({
    about: 'shown in jobs and logs; "": prefetch and its number',
    parse: parseListName,
    example: 'base images',
  }),
  refs: list({
    about: 'images; "*" in a tag means several',
    parse: parseRef,
    example: 'docker.io/library/alpine:3*',
  }),
  file: optionalText({ about: 'further images, one a line; re-read at every run', parse: asIs }),
  schedule: optionalText({
    about: 'when it runs; "": only by hand',
    parse: parseCron,
    example: '30 2 * * *',
  }),
  platforms: list({
    about: '"all" or names; empty: that of this server',
    parse: parsePlatform,
    example: 'linux/amd64',
  }),
  newest: text({ fallback: '5', about: 'of what one "*" matches, by version', parse: parseNewest }),
  keep_pulls: text({
    fallback: '20%',
    about: 'pulls that a registry with a limit keeps for clients',
    parse: parseFloor,
  }),
})

export type PrefetchSettings = z.output<typeof prefetch>

function parseListName(value: string): string | Refusal {
  const name = value.trim()
  // Neither the log nor a terminal is to be steered by it.
  return name.length <= LONGEST_NAME && /^[\p{L}\p{N}][\p{L}\p{N} ._/-]*$/u.test(name)
    ? name
    : refuse(`must be at most ${LONGEST_NAME} letters, digits, blanks and . _ - /`)
}

function parseRef(value: string): string | Refusal {
  const read = readWarmName(value)
  return 'problem' in read ? refuse(`is ${read.problem}`) : read.text
}

function parsePlatform(value: string): string | Refusal {
  return value === 'all' || /^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/.test(value)
    ? value
    : refuse('must be a platform such as "linux/amd64" or "linux/arm/v7", or "all"')
}

function parseNewest(value: string): number | Refusal {
  const count = /^\d{1,3}$/.test(value.trim()) ? Number(value) : 0
  return count >= 1 && count <= MOST_NEWEST ? count : refuse(`must be a number from "1" to "${MOST_NEWEST}"`)
}

function parseFloor(value: string): PullFloor | Refusal {
  const [, digits, percent] = /^(\d{1,6})\s*(%?)$/.exec(value.trim()) ?? []
  if (digits === undefined || (percent === '%' && Number(digits) > 100))
    return refuse('must be pulls such as "20", or a share of the limit such as "20%"')
  return percent === '%' ? { share: Number(digits) / 100 } : { pulls: Number(digits) }
}
