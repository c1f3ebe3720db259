import { isIPv4 } from 'node:net';
import type { Call } from '../types';
import { callChecks } from './call';
import { expected, invalid } from './failure';
import { type Check, checkFields, optional, readFields, withDefault } from './fields';
import { choice, integer } from './values';

/** A port to publish; `host` 0 is one that the host chooses. */
export interface CheckedPort {
  guest: number;
  host: number;
  bind: string;
  protocol: 'tcp' | 'udp';
}

const mostPorts = 256;
const localOnly = '127.0.0.1';
const number = integer(1, 65_535);

export const ports: Check<CheckedPort[]> = (value, path) => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw expected('an array', path, value);
  if (value.length > mostPorts) {
    throw invalid(
      `Expected at most ${mostPorts} ports for ${path} but received ${value.length}`,
      'Publish fewer ports.',
    );
  }
  const checked = Array.from(value, (entry, index) => publishedPort(entry, `${path}[${index}]`));
  const seen = new Map<string, number>();
  for (const [index, { host, bind, protocol }] of checked.entries()) {
    const key = `${protocol} ${bind}:${host}`;
    const before = host === 0 ? undefined : seen.get(key);
    if (before !== undefined) {
      throw invalid(`${path}[${before}] and ${path}[${index}] both publish on ${key}`, 'Give each its own host port.');
    }
    seen.set(key, index);
  }
  return checked;
};

function publishedPort(value: unknown, path: string): CheckedPort {
  const fields = readFields(value, path, ['guest', 'host', 'bind', 'protocol']);
  return {
    guest: number(fields.get('guest'), `${path}.guest`),
    host: withDefault(number, 0)(fields.get('host'), `${path}.host`),
    bind: withDefault(address, localOnly)(fields.get('bind'), `${path}.bind`),
    protocol: withDefault(choice('tcp', 'udp'), 'tcp')(fields.get('protocol'), `${path}.protocol`),
  };
}

function address(value: unknown, path: string): string {
  if (typeof value !== 'string' || !isIPv4(value)) throw expected('an IPv4 address of this host', path, value);
  return value;
}

const forwardChecks = { ...callChecks, host: optional(number), bind: optional(address) };

/** The arguments of forward. */
export function checkForward(port: unknown, options: unknown): { port: CheckedPort; call: Call } {
  const guest = number(port, 'port');
  const { host = 0, bind = localOnly, ...call } = checkFields(options, 'forward', forwardChecks);
  return { port: { guest, host, bind, protocol: 'tcp' }, call };
}
