/** Whether a host, as it is listened on or as a `Host` header names it (a port may follow), is this machine only. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])(:\d+)?$/i.test(host);
}
