import { checkBoxOptions } from '../../../lib/options';
import { checkSetNetwork } from '../../../lib/options/network';
import { checkForward } from '../../../lib/options/ports';
import { messageOf, refusalOf } from './refusal';

const box = (options: object) => checkBoxOptions({ image: { rootfs: '/x' }, ...options });
const allow = (...rules: unknown[]) => {
  const { policy } = box({ network: { allow: rules } }).network;
  return policy.mode === 'rules' ? policy.allow : [];
};

test('a box has no network unless it asks for one', () => {
  expect(box({}).network).toEqual({ policy: { mode: 'none' }, dns: [] });
  expect(box({ network: 'none' }).network).toEqual(box({}).network);
  expect(box({ network: 'public' }).network.policy).toEqual({ mode: 'public' });
});

test.each([
  ['api.example.com', { host: 'api.example.com' }],
  ['API.Example.com.', { host: 'api.example.com' }],
  ['api.example.com:443', { host: 'api.example.com', ports: [443] }],
  ['*.example.com', { host: '*.example.com' }],
  ['*', { host: '*' }],
  ['_srv.example', { host: '_srv.example' }],
  ['10.0.0.0/8', { cidr: '10.0.0.0/8' }],
  ['10.0.0.0/8:5432', { cidr: '10.0.0.0/8', ports: [5432] }],
  ['1.2.3.4', { cidr: '1.2.3.4/32' }],
  ['1.2.3.4:53', { cidr: '1.2.3.4/32', ports: [53] }],
])('the rule %s is taken', (text, rule) => {
  expect(allow(text)).toEqual([{ text, ...rule }]);
});

test('rules as objects are taken, and say in one text what they are', () => {
  expect(allow({ host: 'a.example', ports: [80, 443], protocol: 'tcp' })).toEqual([
    { text: 'a.example:80,443 (tcp)', host: 'a.example', ports: [80, 443], protocol: 'tcp' },
  ]);
  expect(allow({ cidr: '10.1.2.3' })).toEqual([{ text: '10.1.2.3', cidr: '10.1.2.3/32' }]);
});

test.each([
  ['https://api.example.com'],
  ['api.example.com/path'],
  ['api.*.com'],
  ['*api.example.com'],
  ['-a.example'],
  ['a..example'],
  [''],
  [`${'a'.repeat(64)}.example`],
  ['api.example.com:0'],
  ['api.example.com:65536'],
  ['api.example.com:http'],
  ['10.0.0.0/33'],
  ['10.0.0/8'],
  ['1.2.3.4.5'],
  ['1.2.3.256'],
  [5],
  [null],
  [{}],
  [{ host: 'a.example', cidr: '10.0.0.0/8' }],
  [{ host: 'a.example', ports: [] }],
  [{ host: 'a.example', ports: [0] }],
  [{ host: 'a.example', protocol: 'sctp' }],
  [{ hots: 'a.example' }],
])('the rule %j is refused, and said where it is', (rule) => {
  const { code, message } = refusalOf(() => box({ network: { allow: ['ok.example', rule] } }));
  expect(code).toBe('invalid-argument');
  expect(message).toMatch(/network\.allow\[1\]/);
});

test.each([['::1'], ['2001:db8::/32'], ['[::1]:80'], [{ cidr: '::/0' }], [{ host: 'fe80::1' }]])(
  'the IPv6 rule %j is refused by that name',
  (rule) => {
    expect(messageOf(() => allow(rule))).toContain('IPv4');
  },
);

test.each([
  [{ network: 'all' }, 'network'],
  [{ network: {} }, 'network.allow'],
  [{ network: { allow: 'a.example' } }, 'network.allow'],
  [{ network: { allow: [], deny: {} } }, 'network.deny'],
  [{ network: { allow: [], onDeny: 'deny' } }, 'network.onDeny'],
  [{ network: { allow: [], dns: ['resolver.example'] } }, 'network.dns[0]'],
  [{ network: { allow: Array(1001).fill('a.example') } }, 'network.allow'],
  [{ ports: {} }, 'ports'],
  [{ ports: [{ host: 80 }] }, 'ports[0].guest'],
  [{ ports: [{ guest: 80, bind: 'localhost' }] }, 'ports[0].bind'],
  [{ ports: [{ guest: 80, protocol: 'sctp' }] }, 'ports[0].protocol'],
  [{ ports: [{ guest: 1 }, { guest: 2, host: 90 }, { guest: 3, host: 90 }] }, 'ports[1] and ports[2]'],
])('%j is refused at %s', (options, path) => {
  expect(messageOf(() => box(options))).toContain(path);
});

test('ports are published on loopback, by TCP, where the host likes, unless told otherwise', () => {
  expect(box({ ports: [{ guest: 80 }, { guest: 53, host: 5353, bind: '0.0.0.0', protocol: 'udp' }] }).ports).toEqual([
    { guest: 80, host: 0, bind: '127.0.0.1', protocol: 'tcp' },
    { guest: 53, host: 5353, bind: '0.0.0.0', protocol: 'udp' },
  ]);
  expect(
    box({
      ports: [
        { guest: 1, host: 90 },
        { guest: 2, host: 90, protocol: 'udp' },
      ],
    }).ports,
  ).toHaveLength(2);
});

test('setNetwork and forward check what they are given', () => {
  expect(messageOf(() => checkSetNetwork(undefined, {}))).toContain('policy');
  expect(messageOf(() => checkSetNetwork('public', { timeout: 5 }))).toContain('timeout');
  expect(messageOf(() => checkForward(0, {}))).toContain('port');
  expect(messageOf(() => checkForward(80, { host: 70_000 }))).toContain('host');
  expect(checkForward(80, { timeoutMs: 5 })).toEqual({
    port: { guest: 80, host: 0, bind: '127.0.0.1', protocol: 'tcp' },
    call: { timeoutMs: 5 },
  });
});
