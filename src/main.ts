#!/usr/bin/env node
import { enableCompileCache } from 'node:module'

// Keeps what stripping and compiling the sources gave: the next start is faster and needs less memory.
enableCompileCache()
const { runCommand } = await import('./cli/commands.ts')

process.exitCode = await runCommand(process.argv.slice(2))
