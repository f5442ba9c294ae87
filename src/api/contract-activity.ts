/** What happens: now, lately, and over the last weeks. Sizes in bytes, times in milliseconds since the epoch. */
import type { AgentKind } from '../activity/agent.ts'
import type { FileKind } from '../domain/file-names.ts'
import type { Outcome } from '../domain/names.ts'
import type { Says } from '../probe/finding.ts'
import type { JobRow, Nothing } from './contract.ts'

export type Range = '1h' | '24h' | '7d' | '30d'

/** Something to look after; `params` fill the sentence that the code stands for. */
export interface Attention {
  readonly code:
    | 'disk_nearly_full'
    | 'volume_nearly_full'
    | 'upstream_down'
    | 'pulls_nearly_used_up'
    | 'certificate_expires'
    | 'last_job_failed'
    | 'quarantined'
    | 'users_with_old_hashes'
  readonly severity: 'warn' | 'error'
  readonly params: Readonly<Record<string, string | number>>
}

/** Of traffic; undefined where there was none. */
export interface Share {
  /** 0 to 1. */
  readonly bytes: number | undefined
  readonly requests: number | undefined
}

/** What one kind of content takes. */
export interface KindDisk {
  readonly kind: 'images' | FileKind
  /** Images, or files as their list counts them. */
  readonly count: number
  /** On disk, with what stands beside it; what two kinds share counts for both. */
  readonly bytes: number
}

export interface Overview {
  readonly range: Range
  readonly disk: {
    readonly used: number
    /** 0: no limit. */
    readonly maxSize: number
    readonly evictTo: number
    readonly volumeFree: number
    /** Evicted, but can be undone still. */
    readonly undoable: number
  }
  /** Of what clients got, the part that no upstream had to send. */
  readonly hit: Share
  /** The same for the range before this one. */
  readonly hitBefore: Share
  readonly served: { readonly bytes: number; readonly requests: number }
  readonly fetched: { readonly bytes: number; readonly requests: number }
  readonly active: { readonly pulls: number; readonly toClients: number; readonly fromUpstreams: number }
  readonly attention: readonly Attention[]
  /** What is on the disk, the largest kind first; empty for users whom rules hide something from. */
  readonly kinds: readonly KindDisk[]
  /** Repositories of images and files together: "docker.io/library/nginx", "hf:org/model/<commit>/config.json"; most first. */
  readonly mostServed: readonly { readonly name: string; readonly pulls: number }[]
  readonly biggest: readonly { readonly name: string; readonly onlyHere: number }[]
  readonly longestIdle: readonly {
    readonly name: string
    readonly lastUsed: number
    readonly onlyHere: number
  }[]
  readonly images: number
  readonly repositories: number
  /** As of GET /series and GET /upstreams: one answer is all that the first page needs. */
  readonly series: Series
  readonly upstreams: readonly UpstreamRow[]
}

/** One value per step, the oldest first. */
export interface Series {
  /** Begin of the first step. */
  readonly start: number
  readonly step: number
  readonly served: readonly number[]
  readonly fetched: readonly number[]
  readonly requests: readonly number[]
  readonly hits: readonly number[]
}

export interface LiveLayer {
  readonly digest: string
  /** Undefined while nobody has said. */
  readonly size: number | undefined
  /** Bytes that this client has. */
  readonly done: number
  /**
   * hit, stale: it was here; fetching, joined, bypass: under way from the upstream; done: it came from there, whole;
   * failed: nobody is at it any more, and something is missing.
   */
  readonly state: 'hit' | 'fetching' | 'joined' | 'stale' | 'bypass' | 'done' | 'failed'
}

/** What one client is pulling: requests of one address for one repository within a short time. */
export interface LivePull {
  readonly id: string
  /** This, `agent` and `who` are there for operators, and for users in what is their own. */
  readonly client: string | undefined
  /** "docker 29.1", "podman 5.6"; as it says itself. */
  readonly agent: string | undefined
  /** Undefined: anonymous. */
  readonly who: string | undefined
  /** "docker.io/library/nginx:1.27" */
  readonly name: string
  readonly startedAt: number
  /** Undefined while it goes on. */
  readonly endedAt: number | undefined
  readonly layers: readonly LiveLayer[]
  /** Bytes per second. */
  readonly toClient: number
  /** Why its manifest could not be had: a code of the catalogue. */
  readonly error: string | undefined
}

/** One download from an upstream. */
export interface LiveFlight {
  readonly digest: string | undefined
  readonly name: string
  readonly size: number | undefined
  readonly done: number
  readonly readers: number
  /** Bytes per second. */
  readonly rate: number
}

export interface Live {
  readonly pulls: readonly LivePull[]
  readonly flights: readonly LiveFlight[]
}

export interface RequestRow {
  readonly id: string
  readonly at: number
  /** This, `agent` and `who` are there for operators, and for users in what is their own. */
  readonly client: string | undefined
  readonly who: string | undefined
  readonly agent: string | undefined
  readonly method: string
  readonly name: string
  readonly status: number
  readonly outcome: Outcome | undefined
  readonly bytes: number
  readonly ms: number
  /** Code of the catalogue. */
  readonly error: string | undefined
}

export interface RequestQuery {
  /** Text in name, client or user, as far as they are told. */
  readonly q?: string
  /** Of this repository alone. */
  readonly repository?: string
  /** An outcome, or "none". */
  readonly outcome?: string
  /** "4xx", "5xx", or a status. */
  readonly status?: string
  readonly limit?: number
  /** Only those before this one. */
  readonly cursor?: string
}

/** A machine that was seen lately. */
export interface ClientRow {
  readonly client: string
  readonly kind: AgentKind
  /** "docker 29.1.3" */
  readonly agent: string
  /** As it says itself, up to 256 characters. */
  readonly userAgent: string
  readonly firstSeen: number
  readonly lastSeen: number
  readonly requests: number
  /** What it did last: "docker.io/library/nginx:1.27", and how that ended. */
  readonly lastName: string
  readonly lastStatus: number
}

export interface UpstreamRow {
  readonly name: string
  /** This and the numbers are empty for users whom rules hide something from. */
  readonly url: string
  readonly isDefault: boolean
  readonly aliases: readonly string[]
  readonly health: 'ok' | 'slow' | 'down' | 'unknown'
  readonly hasLogin: boolean
  /** What went wrong last, in words, and when. */
  readonly lastError:
    | {
        readonly at: number
        readonly text: string
        /** Of the catalogue; and the words of the upstream, for operators. */
        readonly code: string
        readonly said: string | undefined
      }
    | undefined
  /** Milliseconds until headers, of the latest requests. */
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly limit:
    | { readonly remaining: number; readonly limit: number; readonly window: number; readonly seenAt: number }
    | undefined
  /** Of the last 24 hours. */
  readonly requests: number
  readonly hitRate: number | undefined
  readonly fetched: number
  readonly bytes: number
  readonly budget: number
}

/** A host that files, modules, models or repositories of git come from. Its traffic is counted by protocol (GET /stats). */
export interface FileHostRow
  extends Pick<UpstreamRow, 'name' | 'url' | 'health' | 'hasLogin' | 'lastError' | 'p50' | 'p95'> {
  readonly frontEnd: FileKind
  /** Requests that it still answers, as it said last: the quota of GitHub's API. */
  readonly limit: UpstreamRow['limit']
}

/** One step of looking at an upstream, as `cachalot doctor` does it. */
export interface TestStep {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly advice: string | undefined
  readonly ms: number | undefined
  /** What detail and advice are made of, for other languages. */
  readonly says: Says
}

export interface ActivityApi {
  /** How the cache is, in numbers. */
  'GET /overview': { in: { range?: Range }; out: Overview }
  /** Traffic of a range, step by step. */
  'GET /series': { in: { range?: Range }; out: Series }
  /** What is under way at this moment. */
  'GET /live': { in: Nothing; out: Live }
  /** Requests of late, the newest first. */
  'GET /requests': {
    in: RequestQuery
    /** `missed`: requests that came too fast to be listed one by one. */
    out: { items: readonly RequestRow[]; nextCursor: string | undefined; missed: number }
  }
  /** Machines that were seen lately. */
  'GET /clients': { in: Nothing; out: { items: readonly ClientRow[] } }
  /** Server-sent events; `topics` with commas between, live and overview by default. */
  'GET /events': { in: { topics?: string }; events: Events }
  /** How the upstreams are. Asks none of them. */
  'GET /upstreams': {
    in: Nothing
    /** `hosts`: of what is no registry, as far as it is switched on. */
    out: { items: readonly UpstreamRow[]; hosts: readonly FileHostRow[] }
  }
  /** Asks an upstream step by step; no pull is counted. */
  'POST /upstreams/test': { in: { name: string }; out: { steps: readonly TestStep[] } }
}

/**
 * Server-sent events of `GET /events?topics=live,overview,jobs`: each carries the whole of its topic, at most once a second,
 * and only where it changed. "ping" comes every 15 s.
 */
export interface Events {
  readonly live: Live
  readonly overview: Pick<Overview, 'disk' | 'active' | 'attention'>
  /** Jobs that run at this moment, for operators; others are told of none. */
  readonly jobs: { readonly items: readonly JobRow[] }
  readonly ping: Nothing
}
