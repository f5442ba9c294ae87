import { GIB, MIB } from '../../src/domain/units.ts'
import type { Unit } from './bench.ts'
import { type Group, type Language, LINES, type Line } from './markdown-lines.ts'
import type { Report } from './report.ts'
import type { RowResult } from './results.ts'
import type { SubjectName } from './subjects.ts'

type Rows = ReadonlyMap<string, RowResult>

const SUBJECTS: readonly SubjectName[] = ['cachalot', 'docker-registry', 'nginx']
const WHAT: Readonly<Record<Language, string>> = { en: 'what', zh: '项目' }

/** The introduction and the table about speed of both READMEs, of results that were measured at full size. */
export function renderMarkdown(report: Report): string {
  const rows = new Map(report.rows.map((row) => [row.id, row]))
  const note =
    report.options.size === 'full' ? [] : [`<!-- loads of --${report.options.size}: not to be published -->`]
  const sections = (['en', 'zh'] as const).map((language) => [
    introduction(report)[language],
    '',
    ...table(rows, language),
  ])
  return [...note, ...sections.map((section) => section.join('\n'))].join('\n\n')
}

function introduction({ options, machine, versions, startedAt }: Report): Record<Language, string> {
  const { cpus, model, node } = machine
  const version = (name: string): string => (versions[name] === undefined ? '' : ` ${versions[name]}`)
  const day = startedAt.slice(0, 10)
  return {
    en: `Medians of ${options.rounds} interleaved rounds beside Debian's docker-registry${version('docker-registry')} (proxy mode) and
nginx${version('nginx')} (\`proxy_cache\`, sendfile), all on one machine with ${cpus} cores (${model}) together with their
clients and the upstream; Node ${node.slice(1)}, ${day}. \`npm run bench\` repeats it; trust the ratios, not the absolute numbers.`,
    zh: `与 Debian 的 docker-registry${version('docker-registry')}（代理模式）和 nginx${version('nginx')}（\`proxy_cache\`，开启 sendfile）在同一台 ${cpus} 核机器（${model}）上交替测量，
客户端和上游也在这台机器上，取 ${options.rounds} 轮的中位数；Node ${node.slice(1)}，${day}。\`npm run bench\` 可以重新测量；绝对数值因机器而异，请看比值。`,
  }
}

function table(rows: Rows, language: Language): string[] {
  const head = [WHAT[language], 'Cachalot', 'docker-registry', 'nginx']
  const measured = LINES.filter(({ groups }) =>
    groups.some((group) => group.rows.some((id) => isThere(rows, id))),
  )
  const cells = measured.map((line) => [
    title(line, rows, language),
    ...SUBJECTS.map((subject) => cell(line, rows, { subject, language })),
  ])
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`)
}

function isThere(rows: Rows, id: string): boolean {
  return SUBJECTS.some((subject) => rows.get(id)?.series[subject] !== undefined)
}

function title({ title: texts }: Line, rows: Rows, language: Language): string {
  return texts[language].replaceAll(/\{direct ([\w-]+)\}/g, (_, id: string) =>
    groupText({ rows: [id] }, rows, { subject: 'direct', language }),
  )
}

interface Place {
  readonly subject: SubjectName
  readonly language: Language
}

function cell({ groups }: Line, rows: Rows, place: Place): string {
  const texts = groups.map((group) => groupText(group, rows, place))
  if (texts.every((text) => text === '-')) return '-'
  return texts.join(place.language === 'zh' ? '，' : ', ')
}

/** A dash where nothing was measured. */
function groupText({ rows: ids }: Group, rows: Rows, { subject, language }: Place): string {
  const found = ids.map((id) => rows.get(id))
  const values = found.map((row) => row?.series[subject]?.median ?? Number.NaN)
  const known = values.filter((value) => Number.isFinite(value))
  const unit = found.find((row) => row !== undefined)?.unit
  if (known.length === 0 || unit === undefined) return '-'
  // One unit for all of them: a due tag may take half a minute, a fresh one less than a millisecond.
  const inSeconds = unit === 'ms' && Math.min(...known) >= 10_000
  const { of, name } = inSeconds ? SECONDS : UNITS[unit]
  const numbers = values.map((value) => (Number.isFinite(value) ? of(value) : '-')).join(' / ')
  return `${numbers}${name[language]}`
}

interface Format {
  of(value: number): string
  readonly name: Readonly<Record<Language, string>>
}

const both = (name: string): Format['name'] => ({ en: name, zh: name })

const UNITS: Readonly<Record<Unit, Format>> = {
  'bytes/s': { of: (value) => rounded(value / GIB), name: both(' GiB/s') },
  's/GiB': { of: rounded, name: { en: ' s', zh: ' 秒' } },
  '/s': { of: rounded, name: both('') },
  s: { of: (value) => (value < 10 ? value.toPrecision(3) : rounded(value)), name: { en: ' s', zh: ' 秒' } },
  ms: { of: rounded, name: { en: ' ms', zh: ' 毫秒' } },
  times: { of: rounded, name: { en: ' ×', zh: ' 倍' } },
  share: { of: (value) => rounded(value * 100), name: both(' %') },
  bytes: { of: mebibytes, name: both(' MiB') },
  count: { of: (value) => String(Math.round(value)), name: both('') },
}

const SECONDS: Format = { of: (value) => rounded(value / 1000), name: UNITS.s.name }

function mebibytes(bytes: number): string {
  const value = bytes / MIB
  return value < 1000 ? String(Math.round(value)) : rounded(value)
}

/** Two digits that count: the rest differs from run to run. */
function rounded(value: number): string {
  if (value === 0) return '0'
  if (value < 10) return value.toPrecision(2)
  return Number(value.toPrecision(2)).toLocaleString('en')
}
