/** What the READMEs say about speed: a line for what users feel, made of one or several rows of the benchmark. */

export type Language = 'en' | 'zh'

/** Rows whose values stand in one cell with their unit behind the last: "2.5 / 3.1 / 3.1 GiB/s". */
export interface Group {
  readonly rows: readonly string[]
}

export interface Line {
  /** `{direct ROW}` becomes what fetching from the upstream itself took. */
  readonly title: Readonly<Record<Language, string>>
  /** Separated by commas. */
  readonly groups: readonly Group[]
}

const line = (en: string, zh: string, ...groups: readonly (readonly string[])[]): Line => ({
  title: { en, zh },
  groups: groups.map((rows) => ({ rows })),
})

/** In the order of the READMEs. */
export const LINES: readonly Line[] = [
  line('cached blob, 1 / 8 / 64 clients', '已缓存的大文件，1 / 8 / 64 个客户端', [
    'warm-1',
    'warm-8',
    'warm-64',
  ]),
  line('CPU for each GiB of it', '每 GiB 消耗的 CPU 时间', ['warm-1-cpu', 'warm-8-cpu', 'warm-64-cpu']),
  line('the same through TLS, 4 clients', '同上，经 TLS，4 个客户端', ['tls']),
  line('cached manifest by tag / by digest, requests a second', '已缓存的清单，按标签 / 按摘要，每秒请求数', [
    'manifest-tag',
    'manifest-digest',
  ]),
  line('99% of these within', '其中 99% 的响应时间不超过', ['manifest-tag-p99', 'manifest-digest-p99']),
  line('cached blob of 1 kB, requests a second', '已缓存的 1 kB 小文件，每秒请求数', ['small-blob']),
  line(
    'new 512 MiB blob, upstream at full speed ({direct cold-everyday} directly)',
    '新的 512 MiB 文件，上游全速（直连 {direct cold-everyday}）',
    ['cold-everyday'],
  ),
  line(
    'new 256 MiB blob, upstream at 100 MiB/s ({direct cold-100} directly)',
    '新的 256 MiB 文件，上游 100 MiB/s（直连 {direct cold-100}）',
    ['cold-100'],
  ),
  ...[8, 32, 64].map((clients) =>
    line(
      `${clients} clients of one new blob: upstream bytes, slowest first byte`,
      `${clients} 个客户端同时拉取同一个新文件：上游流量、最慢的首字节`,
      [`herd-${clients}-upstream`],
      [`herd-${clients}-first-byte`],
    ),
  ),
  line('start of a cached pull, upstream 100 ms away', '开始拉取已缓存的镜像，上游延迟 100 毫秒', [
    'far-start',
  ]),
  line('upstream 150 ms away: new tag, first / connected', '上游延迟 150 毫秒：新标签，首次连接 / 已有连接', [
    'rtt-cold-tag',
    'rtt-cold-pooled',
  ]),
  line(
    'upstream 150 ms away: all 5 layers of a new image begin',
    '上游延迟 150 毫秒：新镜像的 5 层全部开始传输',
    ['rtt-pull'],
  ),
  line('upstream 150 ms away: cached tag, fresh / due', '上游延迟 150 毫秒：已缓存的标签，未到期 / 已到期', [
    'rtt-warm-tag',
    'rtt-due-tag',
  ]),
  line(
    'due tag, upstream silent: first answer, later ones',
    '标签到期而上游没有反应：第一次、之后',
    ['unreachable-first'],
    ['unreachable-later'],
  ),
  line(
    'due tag, upstream refuses / answers 429 / 500: first answer',
    '标签到期而上游拒绝连接 / 返回 429 / 500：第一次响应',
    ['fault-refused', 'fault-429', 'fault-500'],
  ),
  line(
    'memory: 64 clients / 64 downloads / 500 slow clients',
    '内存：64 个客户端 / 64 个下载 / 500 个慢客户端',
    ['memory-warm', 'memory-cold', 'memory-slow'],
  ),
]
