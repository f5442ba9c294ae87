import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { brief, folderOf, load, problemsOf } from './support.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

void test('a list with every key, and one with none but its images', (t) => {
  const folder = folderOf(t, { 'lists/more.txt': 'redis:7\n' })
  const file = join(folder, 'config.toml')
  const refs = [
    'nginx:1.27',
    'ghcr.io/org/app:stable',
    `redis@${DIGEST}`,
    'hub/library/alpine:3*',
    'nginx:1.27',
  ]
  writeFileSync(
    file,
    `[[prefetch]]
name = "base images"
refs = ${JSON.stringify(refs)}
file = "lists/more.txt"
schedule = "30 2 * * *"
platforms = ["linux/amd64", "linux/arm/v7"]
newest = "3"
keep_pulls = "40"
[[prefetch]]
refs = ["busybox"]
`,
    { mode: 0o600 },
  )
  const { config, warnings } = loadConfig({ file, env: {} })
  assert.deepEqual(warnings, [])
  assert.deepEqual(config.prefetch, [
    {
      name: 'base images',
      refs: refs.slice(0, 4),
      file: join(folder, 'lists/more.txt'),
      schedule: '30 2 * * *',
      platforms: ['linux/amd64', 'linux/arm/v7'],
      newest: 3,
      keepPulls: { pulls: 40 },
    },
    {
      name: 'prefetch 2',
      refs: ['busybox'],
      file: undefined,
      schedule: undefined,
      platforms: [],
      newest: 5,
      keepPulls: { share: 0.2 },
    },
  ])
})

void test('what cannot be meant is said with its line, and what was meant perhaps', (t) => {
  const problems = problemsOf(
    t,
    `[[prefetch]]
name = "a\\u001bb"
refs = ["nginx 1.27", "https://ghcr.io/org/app", "go:golang.org/x/text", "**/app:1", "redis@sha256:12", "a:-1", ""]
schedule = "at night"
platforms = ["amd64"]
newest = "0"
keep_pulls = "120%"
scedule = ""
`,
  )
  const told = brief(problems).map((line) => line.replace(/^(\d+) prefetch[^.]*\./, '$1 '))
  assert.deepEqual(told, [
    '2 name must be at most 64 letters, digits, blanks and . _ - / (is "a\\u001bb")',
    '3 refs#1 is no name: it holds blanks; write one name for each image, such as "nginx:1.27" (is "nginx 1.27")',
    '3 refs#2 is an address: write the name alone, such as "ghcr.io/org/app:1" (is "https://ghcr.io/org/app")',
    '3 refs#3 is no image: only images can be fetched in advance (is "go:golang.org/x/text")',
    '3 refs#4 is no name: "*" may stand in the tag alone (is "**/app:1")',
    '3 refs#5 is no name: after "@" stands "sha256:" and 64 hexadecimal digits (is "redis@sha256:12")',
    '3 refs#6 is no name: a tag has at most 128 letters, digits, dots, dashes and underscores (is "a:-1")',
    '3 refs#7 is empty (is "")',
    '4 schedule must have five fields such as "17 3 * * *" (or six, seconds first), or be "" for off (is "at night")',
    '5 platforms#1 must be a platform such as "linux/amd64" or "linux/arm/v7", or "all" (is "amd64")',
    '6 newest must be a number from "1" to "100" (is "0")',
    '7 keep_pulls must be pulls such as "20", or a share of the limit such as "20%" (is "120%")',
    '8 scedule unknown key; did you mean "schedule"?',
  ])
})

void test('unknown upstreams, names that stand twice, and lists of nothing', (t) => {
  const problems = problemsOf(
    t,
    `[[prefetch]]
name = "one"
refs = ["ghrc.io/org/app:1", "localhost/app", "registry.example.com:5000/app:1", "docker.io:443/library/a:1"]
[[prefetch]]
name = "ONE"
schedule = "0 1 * * *"
`,
  )
  assert.deepEqual(brief(problems), [
    '3 prefetch[one].refs#1 "ghrc.io" is no upstream of this cache; did you mean "ghcr.io"? (is "ghrc.io/org/app:1")',
    '3 prefetch[one].refs#2 "localhost" is no upstream of this cache (is "localhost/app")',
    '3 prefetch[one].refs#3 "registry.example.com:5000" is no upstream of this cache (is "registry.example.com:5000/app:1")',
    '4 prefetch[ONE].refs is missing, and must not be empty without a file',
    '5 prefetch[ONE].name is the name of another list already',
  ])
})

void test('a file that is not there yet is a warning: it is read when the list runs', (t) => {
  const { config, warnings } = load(t, '[[prefetch]]\nfile = "later.txt"\n')
  assert.equal(config.prefetch.length, 1)
  assert.deepEqual(
    warnings.map(({ path, message, severity }) => [path, message, severity]),
    [['prefetch#1.file', 'does not exist', 'warning']],
  )
})

void test('a schedule of a day that never comes is a warning; those that come seldom are none', (t) => {
  const times = [
    ['0 0 31 4 *', true],
    ['0 0 0 30 feb *', true],
    ['0 0 31 2,4,6-6,sep,11 *', true],
    ['0 0 31 4-6/2 *', true],
    ['0 0 29 2 *', false],
    ['0 0 31 */2 *', false],
    ['0 0 1,31 4 *', false],
    ['0 0 31 4 mon', false],
    ['0 0 */30 2 *', false],
    ['30 2 * * *', false],
  ] as const
  for (const [time, isNever] of times) {
    const { config, warnings } = load(t, `[[prefetch]]\nrefs = ["app:1"]\nschedule = "${time}"\n`)
    assert.equal(config.prefetch[0]?.schedule, time)
    const expected = isNever ? [['prefetch#1.schedule', 'names a day that never comes']] : []
    assert.deepEqual(
      warnings.map(({ path, message }) => [path, message]),
      expected,
      time,
    )
  }
})
