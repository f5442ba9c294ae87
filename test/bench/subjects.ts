import { spawnSync } from 'node:child_process'

export type SubjectName = 'cachalot' | 'docker-registry' | 'nginx' | 'direct'

/** What a subject is told before it starts. */
export interface Setting {
  readonly upstreamUrl: string
  /** Existing empty folder: data, configuration and log go here. */
  readonly folder: string
  /** How long a tag stays fresh, for subjects that can be told; default: long enough for the whole run. */
  readonly tagTtlSeconds?: number
  /** Certificate and key, PEM files: it serves by TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Bytes that Cachalot may keep; default as shipped. */
  readonly maxSize?: number
  /** Further configuration for Cachalot alone. */
  readonly more?: string
}

/** A running server under measurement. */
export interface Subject {
  readonly name: SubjectName
  /** Without a slash at the end. */
  readonly url: string
  /** Root of its process tree. */
  readonly pid: number
  /** Of `Setting`; Cachalot's data folder is `data` in it. */
  readonly folder: string
  stop(): Promise<void>
}

/** Knows how to start one kind of subject. */
export interface Launcher {
  readonly name: SubjectName
  /** Why it cannot run here, in words for the terminal; undefined when it can. */
  missing(): string | undefined
  /** Resolves once the subject answers `GET /v2/`. */
  start(setting: Setting): Promise<Subject>
}

/** Whether `command` can be executed here. */
export function installed(command: string): boolean {
  return spawnSync('/bin/sh', ['-c', `command -v ${command}`]).status === 0
}
