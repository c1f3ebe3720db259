import { constants } from 'node:os';
import { checkKillSignal, signalName, signalNumber } from '../../../lib/options';
import { refusalOf } from './refusal';

test('the names of this Linux have its numbers', () => {
  for (const [name, number] of Object.entries(constants.signals)) expect(signalNumber(name)).toBe(number);
});

test.each([
  ['SIGRTMIN', 34],
  ['SIGRTMIN+0', 34],
  ['SIGRTMIN+15', 49],
  ['SIGRTMIN+30', 64],
  ['SIGRTMAX', 64],
  ['SIGRTMAX-0', 64],
  ['SIGRTMAX-30', 34],
  ['SIGCLD', 17],
  ['SIGUNUSED', 31],
])('%s is %d', (name, number) => {
  expect(signalNumber(name)).toBe(number);
});

test('every number has a name, which leads back to it', () => {
  for (let number = 1; number <= 64; number++) {
    if (number === 32 || number === 33) continue;
    expect(signalNumber(signalName(number))).toBe(number);
  }
  expect([6, 17, 29, 32, 34, 35, 49, 50, 64].map(signalName)).toEqual([
    'SIGABRT',
    'SIGCHLD',
    'SIGIO',
    'SIG32',
    'SIGRTMIN',
    'SIGRTMIN+1',
    'SIGRTMIN+15',
    'SIGRTMAX-14',
    'SIGRTMAX',
  ]);
});

test.each<[unknown, string]>([
  ['TERM', "Did you mean 'SIGTERM'?"],
  ['sigint', "Did you mean 'SIGINT'?"],
  ['SIGTREM', "Did you mean 'SIGTERM'?"],
  ['RTMIN+3', "Did you mean 'SIGRTMIN+3'?"],
  ['SIGRTMIN-1', 'The names are those of signal(7).'],
  ['SIGRTMIN+31', 'The names are those of signal(7).'],
  ['SIGRTMAX+1', 'The names are those of signal(7).'],
  ['SIGRTMIN+', 'The names are those of signal(7).'],
  ['', 'The names are those of signal(7).'],
  ['constructor', 'The names are those of signal(7).'],
  ['__proto__', 'The names are those of signal(7).'],
  [15, 'The names are those of signal(7).'],
  [null, 'The names are those of signal(7).'],
])('%j is no signal', (name, hint) => {
  expect(refusalOf(() => signalNumber(name))).toMatchObject({ code: 'invalid-argument', hint });
});

test('kill takes SIGTERM where none is given', () => {
  expect(checkKillSignal(undefined)).toBe(15);
  expect(checkKillSignal('SIGKILL')).toBe(9);
});
