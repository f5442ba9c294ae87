#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

// Keeps what stripping and compiling the sources gave: the next start is faster and needs less memory. Beside the
// installed packages, where nobody else may write; a folder that cannot be written does no harm. In the environment it
// holds for threads, too, each of which would need 20 MiB to strip types by itself.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '..', 'node_modules', '.cache', 'cachalot')
enableCompileCache(process.env.NODE_COMPILE_CACHE)
// Bytes live outside of the heap and requests leave little on it, so a small nursery does: 30 MiB less resident.
setFlagsFromString('--semi-space-growth-factor=1')
// A heap that may be large doubles until garbage is collected, instead of quadrupling: hundreds of clients at once leave
// 40 MiB less of it. One that must be small grows by less than that by itself.
if (getHeapStatistics().heap_size_limit >= 2 ** 31) setFlagsFromString('--heap-growing-percent=100')
// What is written is for this user and group: the index knows who pulled what and the hashes of pull keys.
process.umask(process.umask(0o027) | 0o027)
const { runCommand } = await import('./cli/commands.ts')

process.exitCode = await runCommand(process.argv.slice(2))
