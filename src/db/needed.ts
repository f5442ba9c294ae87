/** Whether a manifest is here and has a name. */
const isNamed = (digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs nb ON nb.digest = n.digest
            WHERE n.digest = ${digest} AND n.kind = 'manifest')`

/**
 * SQL: whether an image with a name has the content in `digest`. Level by level, so that a layer of many images is judged by
 * the first of them.
 */
export const isBelowImage = (digest: string): string => `(
  EXISTS (SELECT 1 FROM main.edges e WHERE e.child = ${digest} AND ${isNamed('e.parent')})
  OR EXISTS (SELECT 1 FROM main.edges e CROSS JOIN main.edges e2 ON e2.child = e.parent
              WHERE e.child = ${digest} AND ${isNamed('e2.parent')})
  OR EXISTS (SELECT 1 FROM main.edges e CROSS JOIN main.edges e2 ON e2.child = e.parent
                         CROSS JOIN main.edges e3 ON e3.child = e2.parent
              WHERE e.child = ${digest} AND ${isNamed('e3.parent')}))`

/** SQL: whether a name leads to the content in the column or parameter `digest`, or an image with a name has it. */
export const isNeeded = (digest: string): string =>
  `(EXISTS (SELECT 1 FROM main.entries e WHERE e.digest = ${digest}) OR ${isBelowImage(digest)})`
