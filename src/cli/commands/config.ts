import { renderProblem } from '../../config/problem.ts'
import { renderConfig } from '../../config/show.ts'
import { createPolicy } from '../../policy/policy.ts'
import { counted } from '../cells.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'

/** `config check [FILE]`: every problem and warning, or "ok". */
export const configCheck: Command = {
  name: 'config check',
  group: 'run the cache',
  words: '[FILE]',
  takes: [0, 1],
  summary: 'say what is wrong with a configuration',
  flags: {},
  examples: ['config check', 'config check /etc/cachalot/config.toml'],
  run: (context) => {
    const loaded = fileOf(context)
    for (const warning of loaded.warnings) context.world.stderr.write(`${renderProblem(warning)}\n`)
    const { upstreams, rules, git } = loaded.config
    const gitHosts = git.hosts.map(({ name }) => name)
    for (const warning of createPolicy(rules, upstreams, gitHosts).warnings)
      context.world.stderr.write(`${loaded.file}: warning: ${warning}\n`)
    const file = loaded.fileExists ? loaded.file : 'no file, all defaults'
    context.write(`${file}: ok, ${counted(upstreams.length, 'upstream')}\n`)
  },
}

/** `config show [FILE] [--origin]`: what is in effect, secrets masked. */
export const configShow: Command = {
  name: 'config show',
  group: 'run the cache',
  words: '[FILE]',
  takes: [0, 1],
  summary: 'the configuration in effect',
  flags: { origin: true },
  run: (context) => context.write(renderConfig(fileOf(context), { origin: context.flags.on('origin') })),
}

function fileOf(context: Context) {
  return requireConfig(context, context.words[0] ?? context.flags.text('config'))
}
