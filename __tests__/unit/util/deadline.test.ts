import { Deadline } from '../../../lib/util/deadline';

const never = new Promise<never>(() => {});

describe('a deadline', () => {
  test('rejects with aborted and the reason of the caller', async () => {
    const controller = new AbortController();
    using deadline = Deadline.of({ signal: controller.signal }, 'createBox');
    const waiting = deadline.race(never);
    controller.abort('why');
    await expect(waiting).rejects.toMatchObject({ code: 'aborted', message: 'createBox was aborted', cause: 'why' });
  });

  test('rejects with timeout after its time, and says it', async () => {
    using deadline = Deadline.of({ timeoutMs: 5 }, 'stop');
    await expect(deadline.race(never)).rejects.toMatchObject({
      code: 'timeout',
      message: 'stop did not end within its 5 ms',
    });
    expect(() => deadline.throwIfOver()).toThrow('stop did not end');
  });

  test('of a part is the tighter one, with its own code', async () => {
    using deadline = Deadline.of({ timeoutMs: 60_000 }, 'createBox');
    using part = deadline.within(5, 'boot-timeout', 'too slow');
    await expect(part.race(never)).rejects.toMatchObject({ code: 'boot-timeout', message: 'too slow' });
    expect(() => deadline.throwIfOver()).not.toThrow();
  });

  test('that was over before it began throws at once', () => {
    using deadline = Deadline.of({ signal: AbortSignal.abort() }, 'exec');
    expect(() => deadline.throwIfOver()).toThrow(expect.objectContaining({ code: 'aborted' }));
  });

  test('passes results and failures on', async () => {
    using deadline = Deadline.of({}, 'exec');
    expect(await deadline.race(Promise.resolve(1))).toBe(1);
    await expect(deadline.race(Promise.reject(new Error('own')))).rejects.toThrow('own');
  });
});
