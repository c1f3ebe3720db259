import { readdirSync } from 'node:fs';
import { BoxSockets } from '../../../lib/ownership/sockets';

const uid = process.geteuid?.();

test('S1: the short path follows from uid and id alone, however deep the home is', () => {
  const shallow = new BoxSockets('/h', 'k3abcdefghij');
  const deep = new BoxSockets(`/${'deep/'.repeat(60)}home`, 'k3abcdefghij');
  expect(shallow.path('box.sock')).toBe(`/tmp/bl-${uid}/k3abcdefghij/box.sock`);
  expect(deep.path('box.sock')).toBe(shallow.path('box.sock'));
  expect(deep.linkPath).toBe(`/tmp/bl-${uid}/k3abcdefghij`);
  expect(shallow.directory).toBe('/h/boxes/k3abcdefghij/sockets');
});

test('S7: the longest derived name has to fit, with its NUL, not only the name that is asked for', () => {
  const longest = 108 - Buffer.byteLength(`/tmp/bl-${uid}//net.sock-krun.sock`) - 1;
  expect(new BoxSockets('/h', 'x'.repeat(longest)).path('box.sock')).toHaveLength(108 - '-krun.sock'.length - 1);
  const over = new BoxSockets('/h', 'x'.repeat(longest + 1));
  expect(() => over.path('box.sock')).toThrow(expect.objectContaining({ code: 'socket-dir' }));
});

test.each(['', '..', '.', 'a/b', '/a', 'a\0'])('an id that is no path segment is refused: %j', (id) => {
  expect(() => new BoxSockets('/h', id)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});

test('a relative home is refused', () => {
  expect(() => new BoxSockets('home', 'k3')).toThrow(/absolute path for home but received 'home'/);
});

test('S9: a jail is told both the link and the directory, though neither exists yet', () => {
  const sockets = new BoxSockets('/nowhere', 'k3');
  expect(sockets.policyPaths()).toEqual({
    read: [`/tmp/bl-${uid}`, `/tmp/bl-${uid}/k3`],
    write: ['/nowhere/boxes/k3/sockets'],
  });
  expect(readdirSync('/')).not.toContain('nowhere');
});
