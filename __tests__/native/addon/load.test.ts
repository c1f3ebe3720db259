import { statSync } from 'node:fs';
import { native, nativeFile } from '../../../lib/native/load';

test('the addon has every function of its contract, and no other', () => {
  const names = [
    'spawn',
    'pidfdOpen',
    'pidfdSend',
    'pidfdWatch',
    'pidfdReap',
    'pipe',
    'lockTry',
    'lockHeld',
    'unlock',
    'probeKvm',
  ];
  expect(Object.keys(native()).sort()).toEqual(names.sort());
  expect(native()).toBe(native());
});

test('a file that ships beside the addon is found there, and one that does not is named', () => {
  expect(statSync(nativeFile('boxlite.node')).isFile()).toBe(true);
  const expected = { code: 'native-missing', message: expect.stringMatching(/\/boxlite-nothing is missing$/) };
  expect(() => nativeFile('boxlite-nothing')).toThrow(expect.objectContaining(expected));
});
