/** What the environment lock is about. Two ways to write one URL are one environment; kubectl also takes `host:port` for a server. */
export function environmentOf(server: string, namespace: string): string {
  const url = URL.canParse(server) ? new URL(server).href : server;
  return `${url.replace(/\/+$/, '')}/${namespace}`;
}
