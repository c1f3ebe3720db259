import { checkPull, imageName, parseReference } from '../../../lib/options';
import { refusalOf } from './refusal';

const hex = 'a'.repeat(64);
const digest = `sha256:${hex}`;

describe('a reference', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20'],
    ['library/alpine', 'docker.io/library/alpine:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['index.docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['a/b/c', 'docker.io/a/b/c:latest'],
    ['quay.io/team/app:v1_2.3-x', 'quay.io/team/app:v1_2.3-x'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['registry:5000/app:1', 'registry:5000/app:1'],
    ['10.0.0.1/app', '10.0.0.1/app:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest'],
    ['Registry/app', 'Registry/app:latest'],
    ['app__x/y--z.a_b', 'docker.io/app__x/y--z.a_b:latest'],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`alpine:3@${digest}`, `docker.io/library/alpine@${digest}`],
    [`host.example:1/x@${digest}`, `host.example:1/x@${digest}`],
    // Without a slash, what is before the colon is a repository.
    ['localhost:5000', 'docker.io/library/localhost:5000'],
  ])('%s is %s', (text, name) => {
    expect(parseReference(text)?.name).toBe(name);
  });

  test.each([
    '',
    ' ',
    'Alpine',
    'alpine:',
    ':3',
    '/alpine',
    'alpine/',
    'a//b',
    './image',
    '../image',
    '/abs/image',
    '-a',
    'a_',
    'a..b',
    'alpine:3:4',
    'alpine:-x',
    `alpine:${'x'.repeat(129)}`,
    'alpine@sha256:abc',
    `alpine@md5:${hex}`,
    `alpine@${digest}@${digest}`,
    'https://quay.io/x',
    'docker://alpine',
    'al pine',
    'alpine\n',
    'alpine\0',
    'ümlaut',
    hex,
    `${'a/'.repeat(130)}b`,
    'host.example:port/x',
    '-host.example/x',
  ])('%j is none', (text) => {
    expect(parseReference(text)).toBeNull();
  });

  test('that is none is refused with what is wrong', () => {
    expect(refusalOf(() => checkPull('https://quay.io/x', {}))).toMatchObject({
      code: 'invalid-argument',
      hint: expect.stringContaining('scheme'),
    });
    expect(refusalOf(() => checkPull('Alpine', {})).hint).toContain('lower case');
    expect(refusalOf(() => checkPull(7, {})).message).toContain('7 (number)');
  });

  test('may be a digest alone where an image of the home is meant', () => {
    expect(imageName(digest, 'ref')).toEqual({ digest });
    expect(refusalOf(() => imageName('No Name', 'ref')).code).toBe('invalid-argument');
  });
});

describe('auth', () => {
  test('is a name with a password, or a token', () => {
    expect(checkPull('a', { auth: { username: 'u', password: 'p' } }).auth).toEqual({ username: 'u', password: 'p' });
    expect(checkPull('a', { auth: { token: 't' } }).auth).toEqual({ token: 't' });
  });

  test.each([
    [{ auth: { username: 'u' } }],
    [{ auth: { username: 'u', password: 'canary', token: 't' } }],
    [{ auth: { token: '' } }],
    [{ auth: 'canary' }],
    [{ auth: { username: 'u', password: 'canary\0' } }],
    [{ auth: { username: 'u', passwort: 'canary' } }],
    [{ insecure: 'yes' }],
  ])('%j is refused without being repeated', (options) => {
    const { code, message, hint } = refusalOf(() => checkPull('a', options));
    expect(code).toBe('invalid-argument');
    expect(message + hint).not.toContain('canary');
  });
});
