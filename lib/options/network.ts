import { isIPv4, isIPv6 } from 'node:net';
import type { Call, NetworkPolicy } from '../types';
import { callChecks } from './call';
import { expected, invalid } from './failure';
import { type Check, checkFields, isRecord, optional, readFields } from './fields';
import { quoted } from './literal';
import { callback, choice, integer } from './values';

/** A rule as boxlite-netd reads it: either host or cidr. */
export interface CheckedRule {
  /** As it was written, for what is said about it. */
  text: string;
  host?: string;
  cidr?: string;
  ports?: number[];
  protocol?: 'tcp' | 'udp';
}

export type CheckedPolicy = { mode: 'none' | 'public' } | { mode: 'rules'; allow: CheckedRule[]; deny: CheckedRule[] };

export type OnDeny = NonNullable<Exclude<NetworkPolicy, string>['onDeny']>;

/** What each start of a box needs to know of its network. */
export interface NetworkSettings {
  policy: CheckedPolicy;
  /** ip or ip:port; empty: those of the host. */
  dns: string[];
}

export interface CheckedNetwork extends NetworkSettings {
  onDeny?: OnDeny;
}

export const noNetwork: CheckedNetwork = { policy: { mode: 'none' }, dns: [] };

const mostRules = 1_000;
const mostPorts = 64;
const mostServers = 3;

const port = integer(1, 65_535);
const what = "'none', 'public' or an object with 'allow'";

/** The option `network` of createBox, and the argument of setNetwork. */
export function network(value: unknown, path: string): CheckedNetwork {
  if (value === undefined || value === 'none') return noNetwork;
  if (value === 'public') return { policy: { mode: 'public' }, dns: [] };
  if (!isRecord(value)) throw expected(what, path, value);
  const fields = readFields(value, path, ['allow', 'deny', 'dns', 'onDeny']);
  if (!fields.has('allow')) throw expected('an array of rules', `${path}.allow`, undefined, `Pass ${what}.`);
  const onDeny = optional(callback<OnDeny>)(fields.get('onDeny'), `${path}.onDeny`);
  const allow = list(rule, mostRules)(fields.get('allow'), `${path}.allow`);
  const deny = list(rule, mostRules)(fields.get('deny') ?? [], `${path}.deny`);
  const dns = list(server, mostServers)(fields.get('dns') ?? [], `${path}.dns`);
  return { policy: { mode: 'rules', allow, deny }, dns, ...(onDeny === undefined ? {} : { onDeny }) };
}

function list<T>(check: Check<T>, most: number): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw expected('an array', path, value);
    if (value.length > most) {
      throw invalid(
        `Expected at most ${most} entries for ${path} but received ${value.length}`,
        'Use fewer, wider ones.',
      );
    }
    return Array.from(value, (entry, index) => check(entry, `${path}[${index}]`));
  };
}

function rule(value: unknown, path: string): CheckedRule {
  if (typeof value === 'string') return textRule(value, path);
  if (!isRecord(value)) throw expected('a rule as text or an object', path, value);
  const fields = readFields(value, path, ['host', 'cidr', 'ports', 'protocol']);
  const { host, cidr } = { host: fields.get('host'), cidr: fields.get('cidr') };
  if ((host === undefined) === (cidr === undefined)) {
    const received = host === undefined ? 'neither' : 'both';
    throw invalid(
      `Expected either host or cidr for ${path} but received ${received}`,
      'Make it two rules, or name one.',
    );
  }
  const name = String(host ?? cidr);
  const target = host === undefined ? { cidr: cidrOf(cidr, `${path}.cidr`) } : hostTarget(host, `${path}.host`);
  const ports = optional(list(port, mostPorts))(fields.get('ports'), `${path}.ports`);
  const protocol = optional(choice('tcp', 'udp'))(fields.get('protocol'), `${path}.protocol`);
  if (ports?.length === 0)
    throw invalid(`Expected ports for ${path}.ports but received none`, 'Leave ports out for all of them.');
  return {
    text: `${name}${ports ? `:${ports.join(',')}` : ''}${protocol ? ` (${protocol})` : ''}`,
    ...target,
    ...(ports ? { ports } : {}),
    ...(protocol ? { protocol } : {}),
  };
}

/** 'host', 'address' or 'range', each with an optional ':port'. */
function textRule(text: string, path: string): CheckedRule {
  if (isIPv6(text) || text.includes('::') || text.startsWith('[')) throw noIPv6(text, path);
  const [, name = '', number] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const target = name.includes('/') ? { cidr: cidrOf(name, path) } : hostTarget(name, path);
  if (number === undefined) return { text, ...target };
  if (!/^\d{1,5}$/.test(number)) throw expected("a rule such as 'api.example.com:443'", path, text);
  return { text, ...target, ports: [port(Number(number), `the port of ${path}`)] };
}

function hostTarget(host: unknown, path: string): { host: string } | { cidr: string } {
  if (typeof host === 'string' && isIPv4(host)) return { cidr: `${host}/32` };
  if (typeof host === 'string' && isIPv6(host)) throw noIPv6(host, path);
  return { host: hostOf(host, path) };
}

/** Labels of RFC 1123 and '_'; a star stands for one or more whole labels at the front. */
function hostOf(value: unknown, path: string): string {
  const name = typeof value === 'string' ? value.toLowerCase().replace(/\.$/, '') : '';
  const isName =
    name.length <= 253 &&
    /^(\*|(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)$/.test(name);
  if (isName && !/(^|\.)\d+$/.test(name)) return name;
  throw expected("a host name such as 'api.example.com' or '*.example.com', without a scheme or a path", path, value);
}

function cidrOf(value: unknown, path: string): string {
  const [, address = '', bits = ''] = (typeof value === 'string' && /^([^/]*)\/(\d{1,2})$/.exec(value)) || [];
  if (typeof value === 'string' && (isIPv6(value.split('/')[0] ?? '') || value.includes('::')))
    throw noIPv6(value, path);
  if (typeof value === 'string' && isIPv4(value)) return `${value}/32`;
  if (!isIPv4(address) || Number(bits) > 32) throw expected("an IPv4 range such as '10.0.0.0/8'", path, value);
  return `${address}/${Number(bits)}`;
}

function noIPv6(text: string, path: string) {
  return invalid(
    `Expected an IPv4 rule for ${path} but received ${quoted(text)}`,
    'The network of a box is IPv4; leave IPv6 addresses out.',
  );
}

function server(value: unknown, path: string): string {
  const [, address = '', number = '53'] = (typeof value === 'string' && /^([\d.]+)(?::(\d{1,5}))?$/.exec(value)) || [];
  if (!isIPv4(address)) throw expected("the address of a resolver such as '10.0.0.2' or '127.0.0.1:5353'", path, value);
  return `${address}:${port(Number(number), `the port of ${path}`)}`;
}

/** The answer of a policy's onDeny. */
export function checkVerdict(value: unknown): 'deny' | 'allow-once' | 'allow-host' {
  return choice('deny', 'allow-once', 'allow-host')(value, 'the answer of onDeny');
}

export function checkSetNetwork(policy: unknown, call: unknown): { network: CheckedNetwork; call: Call } {
  if (policy === undefined) throw expected(what, 'policy', policy);
  return { network: network(policy, 'policy'), call: checkFields(call, 'setNetwork', callChecks) };
}
