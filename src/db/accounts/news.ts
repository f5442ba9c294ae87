/**
 * Over the names `e` that one repository has for one manifest: since when none of them can be pulled again, as far as
 * its upstream said; null where one can, or where nobody knows. Tags count; the digest alone decides where there is no
 * tag, or where the upstream confirmed it after the last tag was found gone.
 */
export const GONE_AT = `
  CASE WHEN sum(typeof(e.ref) = 'text' AND e.gone_at IS NULL) = 0
        AND NOT coalesce(max(CASE WHEN typeof(e.ref) = 'blob' AND e.gone_at IS NULL THEN e.checked_at END)
                           > max(e.gone_at), 0)
       THEN max(e.gone_at) END`

/** Over the same names: whether a tag of them leads elsewhere by now. */
export const MOVED = 'max(e.moved_to IS NOT NULL)'
