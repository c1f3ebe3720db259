import { parseExitRecord } from '../../../lib/shim/exit-record';
import { parseAnswer } from '../../../lib/shim/launch';

describe('the exit record', () => {
  const at = '2026-01-02T03:04:05.678Z';

  test('becomes an ExitInfo', () => {
    const text = JSON.stringify({ version: 1, reason: 'crash', code: null, signal: 9, at, consoleTail: 'last\n' });
    expect(parseExitRecord(text)).toEqual({
      reason: 'crash',
      signal: 'SIGKILL',
      at: new Date(at),
      consoleTail: 'last\n',
    });
    const stopped = JSON.stringify({ version: 1, reason: 'stopped', code: 0, signal: null, at, consoleTail: '' });
    expect(parseExitRecord(stopped)).toEqual({ reason: 'stopped', code: 0, at: new Date(at), consoleTail: '' });
  });

  test.each([
    ['nothing', ''],
    ['half a record', '{"version":1,"reason":"sto'],
    ['an unknown reason', JSON.stringify({ version: 1, reason: 'bored', at })],
    ['no time', JSON.stringify({ version: 1, reason: 'stopped' })],
  ])('of %s counts as none', (_, text) => {
    expect(parseExitRecord(text)).toBeNull();
  });
});

describe("the shim's answer", () => {
  test('is what the box needs to be used', () => {
    const ready = { shimPid: 1, vmmPid: 2, vmmMs: 3, kernelMs: 4, agentMs: 5 };
    expect(parseAnswer(JSON.stringify({ ready }), 'b1')).toEqual(ready);
  });

  test('that names an error becomes that error, with the console', () => {
    const error = { code: 'boot-failed', message: 'no', hint: 'do', consoleTail: 'panic' };
    expect(() => parseAnswer(JSON.stringify({ error }), 'b1')).toThrow(
      expect.objectContaining({ ...error, box: 'b1' }),
    );
  });

  test.each(['', '{', '{}'])('that is %j is a failed boot with a hint', (line) => {
    expect(() => parseAnswer(line, 'b1')).toThrow(
      expect.objectContaining({ code: 'boot-failed', hint: expect.stringContaining('doctor()') }),
    );
  });
});
