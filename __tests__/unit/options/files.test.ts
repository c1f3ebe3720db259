import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as check from '../../../lib/options/files';
import { messageOf, refusalOf } from './refusal';

const source = readFileSync(join(__dirname, '../../../lib/types/file.ts'), 'utf8');

/** The options of a method of BoxFs, from its text. */
function optionsOf(method: string): string[] {
  const options = new RegExp(`^ {2}${method}\\([^]*?Call(?: & \\{([^}]*)\\})?`, 'm').exec(source)?.[1] ?? '';
  return ['signal', 'timeoutMs', ...[...options.matchAll(/(\w+)\??:/g)].map(([, name]) => name as string)];
}

const methods: [string, (options: object) => unknown][] = [
  ['readFile', (o) => check.checkReadFile('/x', o)],
  ['readText', (o) => check.checkPathCall('/x', o, 'readText')],
  ['open', (o) => check.checkPathCall('/x', o, 'open')],
  ['writeFile', (o) => check.checkWriteFile('/x', '', o)],
  ['writeFiles', (o) => check.checkWriteFiles({}, o)],
  ['list', (o) => check.checkList('/x', o)],
  ['stat', (o) => check.checkStat('/x', o)],
  ['mkdir', (o) => check.checkMkdir('/x', o)],
  ['rename', (o) => check.checkRename('/x', '/y', o)],
  ['remove', (o) => check.checkRemoveFile('/x', o)],
  ['watch', (o) => check.checkWatch('/x', o)],
];

describe.each(methods)('%s', (method, checked) => {
  test.each(optionsOf(method).map((name) => [name]))('%s is acted on', (name) => {
    expect(messageOf(() => checked({ [name]: Symbol('wrong') }))).toContain(name);
  });

  test('nothing else is taken', () => {
    const listed = /are: (.*)\.$/.exec(refusalOf(() => checked({ zzzzzzzzzzzz: 1 })).hint)?.[1]?.split(', ') ?? [];
    expect(listed.sort()).toEqual(optionsOf(method).sort());
  });
});

test.each([
  ["Expected a path for path but received '' (string)", ''],
  ['Expected a path for path but received 1 (number)', 1],
  ['Expected a path without NUL for path but received one with a NUL at 2', '/x\0'],
  ['Expected a string of whole Unicode characters for path but received one with a lone surrogate', '/\uD800'],
  ['Expected a string of whole Unicode characters for path but received one with a lone surrogate', '/\uDC7F'],
])('%s', (message, path) => {
  expect(refusalOf(() => check.checkStat(path, {}))).toMatchObject({ code: 'invalid-argument', message });
});

test('a lone surrogate that stands for a byte is taken, and so is a relative path', () => {
  expect(check.checkStat('x/\uDC80\uDCFF', {}).path).toBe('x/\uDC80\uDCFF');
});

test('the end of a range is not before its start', () => {
  expect(messageOf(() => check.checkReadFile('/x', { start: 5, end: 4 }))).toBe(
    'Expected an integer of 5 (start) or more for end but received 4 (number)',
  );
});

test('the files of writeFiles are all checked before anything is written', () => {
  expect(messageOf(() => check.checkWriteFiles({ '/a': 'x', '/b': 1 }, {}))).toContain("files['/b']");
  expect(messageOf(() => check.checkWriteFiles({ '': 'x' }, {}))).toContain("files['']");
});

test('a depth is a whole number, or all of it', () => {
  expect(check.checkList('/x', { depth: Number.POSITIVE_INFINITY }).depth).toBe(Number.MAX_SAFE_INTEGER);
  for (const depth of [0, -1, 1.5, Number.NaN])
    expect(messageOf(() => check.checkList('/x', { depth }))).toContain('depth');
});

test('the paths of a copy keep the slash at their end, and a host path is taken from here', () => {
  expect(check.checkCopy('x/', '/y/', {}, 'upload')).toEqual({ host: `${process.cwd()}/x/`, guest: '/y/' });
  expect(check.checkCopy('/', 'y', {}, 'download')).toEqual({ host: '/', guest: 'y' });
  expect(messageOf(() => check.checkCopy('', '/y', {}, 'upload'))).toContain('host');
  expect(messageOf(() => check.checkCopy('x', '', {}, 'upload'))).toContain('guest');
  expect(messageOf(() => check.checkCopy('x', '/y', { z: 1 }, 'upload'))).toBe("Unknown option 'z' for upload");
});
