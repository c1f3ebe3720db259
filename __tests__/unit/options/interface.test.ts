import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBoxOptions, checkExec, checkRuntimeOptions, checkSpawn, checkStop } from '../../../lib/options';
import { messageOf, refusalOf } from './refusal';

const typesDirectory = join(__dirname, '../../../lib/types');
const source = ['box', 'call', 'command']
  .map((name) => readFileSync(join(typesDirectory, `${name}.ts`), 'utf8'))
  .join('\n');

/** The members of a published interface, from its text. */
function membersOf(name: string): string[] {
  const body = new RegExp(`export interface ${name}[^{]*\\{\\n([^]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member as string);
}

const call = membersOf('Call');
const exec = membersOf('ExecOptions');
const notForSpawn = ['stdin', 'check', 'onStdout', 'onStderr'];
const spawn = [...exec.filter((name) => !notForSpawn.includes(name)), ...membersOf('SpawnOptions')];
const boxOnly = { image: { rootfs: '/x' } };

// A value that asks for something, where the option has no meaning yet.
const asksForMore: Record<string, unknown> = {
  mounts: [{ host: '/a', guest: '/b' }],
  secrets: { key: { value: 'x', hosts: ['a.example'] } },
  idleMs: 1000,
  maxLifeMs: 1000,
  detached: true,
};
const asksForNothing: Record<string, unknown> = {
  mounts: [],
  secrets: {},
  detached: false,
};

test('the interfaces are found in their text', () => {
  expect(call).toEqual(['signal', 'timeoutMs']);
  expect(membersOf('BoxOptions')).toHaveLength(20);
  expect(exec).toContain('killGraceMs');
  expect(spawn).toContain('tty');
});

describe.each<[string, string[], (options: object) => unknown, string[]]>([
  [
    'BoxOptions',
    membersOf('BoxOptions'),
    (o) => checkBoxOptions({ ...boxOnly, ...o }),
    ['mounts', 'secrets', 'idleMs', 'maxLifeMs'],
  ],
  ['ExecOptions', [...call, ...exec], (o) => checkExec(['true'], o), []],
  ['SpawnOptions', [...call, ...spawn], (o) => checkSpawn(['true'], o), []],
  ['RuntimeOptions', membersOf('RuntimeOptions'), checkRuntimeOptions, []],
  ['StopOptions', [...call, ...membersOf('StopOptions')], checkStop, []],
])('%s', (_, members, check, notYet) => {
  test.each(members.map((name) => [name]))('%s is either acted on or refused, never ignored', (name) => {
    if (notYet.includes(name)) {
      const { code, message, hint } = refusalOf(() => check({ [name]: asksForMore[name] }));
      expect({ code, message }).toEqual({
        code: 'unsupported',
        message: `The option '${name}' is not supported by this version of @boxlite/sdk`,
      });
      expect(hint).not.toBe('');
    } else {
      // A symbol is a value of no option: a check that looks at it throws.
      expect(messageOf(() => check({ [name]: Symbol('wrong') }))).toContain(name);
    }
  });

  test('nothing else is taken', () => {
    const listed = /are: (.*)\.$/.exec(refusalOf(() => check({ zzzzzzzzzzzz: 1 })).hint)?.[1]?.split(', ') ?? [];
    expect(listed.sort()).toEqual([...new Set(members)].sort());
  });

  test('what asks for nothing passes', () => {
    const options = Object.fromEntries(
      notYet.filter((name) => name in asksForNothing).map((name) => [name, asksForNothing[name]]),
    );
    expect(Object.keys(check(options) as object)).toEqual(Object.keys(check({}) as object));
  });
});

test('stdin of spawn is a stream, not an option', () => {
  for (const name of notForSpawn)
    expect(messageOf(() => checkSpawn('x', { [name]: 'y' }))).toBe(`Unknown option '${name}' for spawn`);
});
