/** The part of @huggingface/hub that the tests use. */
export interface HfJavascript {
  snapshotDownload(options: Options & { cacheDir: string }): Promise<string>
  downloadFile(options: Options & { path: string }): Promise<Blob | null>
  fileDownloadInfo(
    options: Options & { path: string },
  ): Promise<{ size: number; etag: string; xet?: unknown } | null>
  fileExists(options: Options & { path: string }): Promise<boolean>
  listFiles(
    options: Options & { recursive?: boolean },
  ): AsyncIterable<{ type: string; path: string; xetHash?: string }>
  pathsInfo(
    options: Options & { paths: string[]; expand?: boolean },
  ): Promise<{ path: string; xetHash?: string }[]>
  listCommits(options: Options): AsyncIterable<{ oid: string }>
  modelInfo(options: { name: string; hubUrl: string }): Promise<{ id: string }>
  whoAmI(options: { accessToken: string; hubUrl: string }): Promise<{ name: string }>
  checkRepoAccess(options: Options): Promise<void>
}

interface Options {
  readonly repo: string
  readonly hubUrl: string
  readonly revision?: string
  readonly accessToken?: string
}

/** Undefined where the package is not installed. */
export async function loadHfJavascript(): Promise<HfJavascript | undefined> {
  // Else the compiler would want to know a package that may not be there.
  const name = process.env['HF_JAVASCRIPT'] ?? '@huggingface/hub'
  try {
    return (await import(name)) as HfJavascript // its own types say the same, at greater length
  } catch {
    return undefined
  }
}
