import { argvNamesBox, shimArgv } from '../../../lib/ownership/argv';

test('I1: a shim command line is the path and the id, and names that box', () => {
  const argv = shimArgv('/opt/boxlite-shim', 'k3abcdefghij');
  expect(argv).toEqual(['/opt/boxlite-shim', 'k3abcdefghij']);
  expect(argvNamesBox(argv, 'k3abcdefghij')).toBe(true);
});

test.each(['', 'a/b', '..', '.hidden', 'a b', 'a\0b', 'a\n', '-x'])(
  'I1: an id that could not be found again is refused: %j',
  (id) => {
    expect(() => shimArgv('/shim', id)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  },
);

test.each([
  [['shim', 'box-1'], true],
  [['qemu', '-name', 'box-1', '-m', '256'], true],
  [['shim', 'box-10'], false],
  [['shim', 'xbox-1'], false],
  [['shim', '--id=box-1'], false],
  [['shim', 'box-1 '], false],
  [['shim', 'BOX-1'], false],
  [['box-1'], false],
  [['box-1', 'other'], false],
  [[], false],
])('I3: an element matches the id exactly, or not at all: %j → %s', (argv, matches) => {
  expect(argvNamesBox(argv, 'box-1')).toBe(matches);
});

test('I3: the empty id names nothing, not even an empty element', () => {
  expect(argvNamesBox(['shim', ''], '')).toBe(false);
});
