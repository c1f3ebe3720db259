import { Pool } from '../../crash/support/pool';

describe('a pool', () => {
  test('works on what is asked for and on what comes next, each once', async () => {
    const begun: string[] = [];
    const pool = new Pool(['a', 'b', 'c', 'd'], 2, async (item) => {
      begun.push(item);
      return item.toUpperCase();
    });
    expect(await pool.result('a')).toBe('A');
    expect(begun).toEqual(['a', 'b']);
    expect(await pool.result('b')).toBe('B');
    expect(await pool.result('d')).toBe('D');
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await expect(pool.result('e')).rejects.toThrow('not in the list');
  });

  test('is drained once nothing is under way, also of what failed', async () => {
    let under = 0;
    const pool = new Pool([1, 2], 2, async (item) => {
      under++;
      await Promise.resolve();
      under--;
      if (item === 2) throw new Error('it failed');
    });
    void pool.result(1);
    await pool.drain();
    expect(under).toBe(0);
  });
});
