import { Deadline } from '../../../lib/util/deadline';
import { runSteps, type Step } from '../../../lib/util/steps';

function steps(failing?: string): { log: string[]; list: Step<object>[] } {
  const log: string[] = [];
  const list = ['one', 'two', 'three'].map((name) => ({
    name,
    run: async () => {
      log.push(name);
      if (name === failing) throw new Error(`${name} failed`);
    },
    undo: async () => void log.push(`undo ${name}`),
  }));
  return { log, list };
}

describe('a list of steps', () => {
  test('runs in order', async () => {
    const { log, list } = steps();
    using deadline = Deadline.of({}, 'work');
    await runSteps(list, {}, deadline);
    expect(log).toEqual(['one', 'two', 'three']);
  });

  test('undoes a failed step and those before it, last first', async () => {
    const { log, list } = steps('two');
    using deadline = Deadline.of({}, 'work');
    await expect(runSteps(list, {}, deadline)).rejects.toThrow('two failed');
    expect(log).toEqual(['one', 'two', 'undo two', 'undo one']);
  });

  test('is undone when the deadline passes between two steps, or after the last', async () => {
    for (const at of ['two', 'three']) {
      const { log, list } = steps();
      const controller = new AbortController();
      using deadline = Deadline.of({ signal: controller.signal }, 'work');
      const before = (name: string) => {
        if (name === at) controller.abort();
      };
      await expect(runSteps(list, {}, deadline, { before })).rejects.toMatchObject({ code: 'aborted' });
      expect(log.at(-1)).toBe('undo one');
    }
  });

  test('goes on undoing when an undo fails, and says so', async () => {
    const { log, list } = steps('three');
    const failed: string[] = [];
    list[1] = { name: 'two', run: async () => {}, undo: () => Promise.reject(new Error('stuck')) };
    using deadline = Deadline.of({}, 'work');
    await expect(runSteps(list, {}, deadline, { undoFailed: (step) => failed.push(step) })).rejects.toThrow(
      'three failed',
    );
    expect(failed).toEqual(['two']);
    expect(log.at(-1)).toBe('undo one');
  });
});
