/** Of one clean-up, so that looking takes seconds however much there is; the next one finds the rest. */
export const MOST_IMAGES = 50_000

/**
 * Whether it may be for one of these platforms. What says less than they do ("linux/arm", of "linux/arm/v7") may be, and
 * a variant belongs to its architecture. Blanks stand between several.
 */
export function isKept(platform: string, keep: readonly string[]): boolean {
  return platform
    .split(' ')
    .some((own) => keep.some((one) => one === own || own.startsWith(`${one}/`) || one.startsWith(`${own}/`)))
}
