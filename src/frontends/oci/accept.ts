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
 * Whether an Accept header (RFC 9110 §12.5.1) takes this type; without a header everything is taken. The most
 * specific range that fits decides, and one with q=0 refuses.
 */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true
  const type = mediaType.toLowerCase()
  const ranges = new Map(header.split(',').map(parseRange))
  return ranges.get(type) ?? ranges.get(`${type.split('/')[0]}/*`) ?? ranges.get('*/*') ?? false
}

/** A media range, and whether it is wanted at all. */
function parseRange(element: string): [range: string, wanted: boolean] {
  const [range = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase())
  return [range, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))]
}
