import type { EgressDenied } from '../types';

/** A denial as boxlite-netd writes it. */
export function readDenied(value: unknown): EgressDenied {
  const { at, host, ip, port, protocol, rule, message } = value as Record<string, string | number>;
  return {
    at: new Date(String(at)),
    ...(typeof host === 'string' ? { host } : {}),
    ip: String(ip),
    port: Number(port),
    protocol: protocol as EgressDenied['protocol'],
    rule: String(rule),
    message: String(message),
  };
}
