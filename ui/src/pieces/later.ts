/** What opens from lists of images on demand. */
export { DigestList } from '../pages/repository/digests.tsx'
export { FetchTag } from '../pages/repository/fetch-tag.tsx'
export { UsageList } from '../pages/repository/usage.tsx'
export { EvictDialog } from '../parts/evict-dialog.tsx'
export { SelectionBar } from '../parts/selection-bar.tsx'
