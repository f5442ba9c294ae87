/** The unit in which disks hand out room. */
export const BLOCK = 4096

/** Bytes of the disk that `size` bytes of content take: whole blocks. */
export function onDisk(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}
