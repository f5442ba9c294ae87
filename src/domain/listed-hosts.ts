/** Whether an address is on one of these hosts: "host", "host:port", or "*.suffix" with the usual port. */
export function isListed(to: URL, hosts: readonly string[]): boolean {
  return hosts.some((host) =>
    host.startsWith('*.')
      ? to.port === '' && to.hostname.endsWith(host.slice(1)) && to.hostname.length > host.length - 1
      : to.host === host,
  )
}
