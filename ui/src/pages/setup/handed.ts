import { signal } from '@preact/signals'

/** A pull key on its way from the page where it was made. It is in memory only: addresses end up in histories. */
export const handedKey = signal('')

/** Address of the cache and path of a certificate as somebody typed them here; never from a link. */
export const typedBase = signal('')
export const typedCa = signal('')
