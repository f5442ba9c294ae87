/** What the walk does with a command of a page. */
export type Way =
  | {
      readonly kind: 'run'
      /** Docker's daemon: run where one can be started. */
      readonly needs?: 'docker'
      /** What a person types when it asks. */
      readonly typed?: string
      /** What is there in the life of this cache, and not yet in that of the test. */
      readonly before?: readonly string[]
      /** What it exits with here, 0 unless given. */
      readonly code?: number
      /** A command whose success shows that it worked. */
      readonly after?: string
    }
  /** As `npm start`: it goes on while the others run. */
  | { readonly kind: 'server' }
  | { readonly kind: 'not here'; readonly why: string }

export interface Row {
  readonly command: RegExp
  readonly way: Way
}

const RUN: Way = { kind: 'run' }
const DOCKER: Way = { kind: 'run', needs: 'docker' }
export const PASSWORD = 'a-long-enough-password'

/** The first row that fits counts; a command without a row fails the walk, and so does a row without a command. */
export const ROWS: readonly Row[] = [
  { command: /^npm ci && npm start$/, way: { kind: 'server' } },
  { command: /^npm ci && npm test$/, way: notHere('this test is part of it') },
  {
    command: /^npm ci$/,
    way: notHere('it asks the npm registry; the walk links the packages that are here'),
  },
  { command: /^npm run check$/, way: notHere('this test is part of it') },
  {
    command: /^npm run (bench( -- --quick)?|soak)$/,
    way: notHere('minutes, or half an hour; test/bench and test/soak run parts of it'),
  },
  { command: /^npm run dev$/, way: notHere('npm start, restarted when a source changes') },
  { command: /^docker compose /, way: notHere('test/packaging/image.test.ts builds and starts it') },
  { command: /^docker (build|run) /, way: notHere('test/packaging/image.test.ts builds and starts it') },
  {
    command: /^kubectl /,
    way: notHere('it needs a cluster; test/packaging/readme.test.ts reads the manifest'),
  },
  { command: /^node --test /, way: notHere('this test was started so') },
  { command: /^node test\/openapi\/write\.ts$/, way: notHere('test/openapi sees that it was run') },
  { command: /^docker login /, way: { ...DOCKER, typed: PASSWORD } },
  { command: /^docker (pull|load) /, way: DOCKER },
  {
    command: /^export GOPROXY=/,
    way: { ...RUN, after: 'curl "$GOPROXY/example.com/module/@v/list" | grep v1.0.0' },
  },
  {
    command: /^export HF_ENDPOINT=/,
    way: { ...RUN, after: 'curl "$HF_ENDPOINT/org/model/resolve/main/config.json" | grep model' },
  },
  { command: /^curl -LO .*\/tool\.tgz$/, way: { ...RUN, after: 'grep "a tool" tool.tgz' } },
  { command: /^curl -O .*\/install\.sh$/, way: { ...RUN, after: 'grep "echo installed" install.sh' } },
  { command: /^curl -sI /, way: RUN },
  { command: /^curl -u alice /, way: { ...RUN, before: [user('alice', 'admin')] } },
  {
    command: /^curl -u bob -X DELETE /,
    way: { ...RUN, before: [user('bob', 'operator'), 'npx cachalot fetch nginx:1.27'] },
  },
  { command: /^git clone /, way: { ...RUN, after: 'grep "Hello" repo/hello.txt' } },
  {
    command: /^git config --global /,
    way: { ...RUN, after: 'git clone -q https://github.com/owner/repo again && grep Hello again/hello.txt' },
  },
  { command: /^npx cachalot user add /, way: { ...RUN, typed: `${PASSWORD}\n` } },
  // The cache of a test holds less than that.
  { command: /^npx cachalot gc .*--free 40GiB/, way: { ...RUN, code: 3 } },
  { command: /^npx cachalot rm nginx:1\.25 /, way: { ...RUN, before: ['npx cachalot fetch nginx:1.25'] } },
  {
    command: /^npx cachalot undo$/,
    way: { ...RUN, before: ['npx cachalot fetch redis:8', 'npx cachalot rm redis:8 --yes'] },
  },
  { command: /^npx cachalot rm$/, way: notHere('a name; what it removes is not said there') },
  { command: /^npx cachalot key rm nas$/, way: { ...RUN, after: '! npx cachalot key ls | grep nas' } },
  { command: /^npx cachalot check nginx:1\.27$/, way: { ...RUN, before: ['npx cachalot fetch nginx:1.27'] } },
  { command: /^npx cachalot pin ghcr\.io/, way: { ...RUN, after: 'npx cachalot pins | grep "org/app:1.4"' } },
  { command: /^npx cachalot (search|tags) nginx/, way: RUN },
  { command: /^npx cachalot (config check|client setup|stats|jobs|verify|healthcheck|prefetch) ?/, way: RUN },
  { command: /^npx cachalot (ls|lookup|fetch|rm|export|import|backup|doctor) ?/, way: RUN },
  { command: /^npx cachalot (key (add|ls)|audit)/, way: RUN },
  { command: /^rm -f \/var\/lib\/cachalot\/cachalot\.db\*$/, way: RUN },
  { command: /^cp -a \/srv\/backup\/cachalot\/\. /, way: RUN },
  {
    command: /^chown -R cachalot: /,
    way: { ...RUN, after: 'CACHALOT_STORAGE__PATH=/var/lib/cachalot npx cachalot ls | grep nginx' },
  },
]

function notHere(why: string): Way {
  return { kind: 'not here', why }
}

function user(name: string, role: string): string {
  return `echo ${PASSWORD} | npx cachalot user add ${name} --role ${role} || npx cachalot user ls`
}

export interface Places {
  /** "127.0.0.1:40000" of the server. */
  readonly host: string
  readonly backup: string
  readonly restored: string
}

/** What is exchanged in a command before it is run: addresses, folders, and what a person would be asked. */
export function placed(command: string, { host, backup, restored }: Places): string {
  const exchanges: readonly (readonly [RegExp, string])[] = [
    // Names of the pages.
    [/\bcache\.lan:5000\b|\b127\.0\.0\.1:5000\b/g, host],
    [/https:\/\/cache\.example\.com\b/g, `http://${host}`],
    [/\bcache\.example\.com\b/g, host],
    [/\bclient setup KIND\b/, 'client setup docker'],
    // Folders that belong to the system.
    [/\/srv\/backup\/cachalot\b/g, backup],
    [/\/var\/lib\/cachalot\b/g, restored],
    [/^chown -R cachalot:/, 'chown -R "$(id -un):"'],
    // Nobody is there to answer.
    [/^curl -u (\w+)/, `curl -u $1:${PASSWORD}`],
    [/^docker login /, 'docker login -u alice --password-stdin '],
    [/^(npx cachalot (?:gc --free|rm hf:).*)$/, '$1 --yes'],
  ]
  return exchanges.reduce((text, [from, to]) => text.replace(from, to), command)
}
