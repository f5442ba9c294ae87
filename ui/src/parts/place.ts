import { href } from '../router.ts'

/** Where an image or a repository is shown: "docker.io/library/nginx:1.27", "docker.io/library/nginx". */
export function imageHref(name: string): string {
  const path = name.split('/').map(encodeURIComponent).join('/')
  // These two stand in the pattern of the page.
  return href(`/images/${path.replaceAll('%3A', ':').replaceAll('%40', '@')}`)
}
