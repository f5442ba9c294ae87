const long = new WeakSet<object>()

/**
 * Says that the body of a request may take as long as it likes, as long as something of it comes; for those who were
 * let in to send much.
 */
export function allowLongBody(request: object): void {
  long.add(request)
}

export function mayBeLong(request: object): boolean {
  return long.has(request)
}
