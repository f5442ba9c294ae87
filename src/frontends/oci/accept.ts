/** What we ask upstreams for: every manifest type there is, so that one answer serves all clients. */
export const EVERY_MANIFEST = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
  '*/*;q=0.1',
].join(', ')

/**
 * Whether an Accept header (RFC 9110 §12.5.1) takes this type; without a header everything is taken. Types with
 * q=0 are refused.
 */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true
  const [family = ''] = mediaType.split('/')
  const wanted = new Set(['*/*', `${family}/*`, mediaType.toLowerCase()])
  return header.split(',').some((element) => {
    const [type = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
    return wanted.has(type) && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
}
