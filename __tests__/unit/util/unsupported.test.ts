import { Runtime } from '../../../lib/index';

const runtime = new Runtime({ home: '/tmp/never-opened' });

describe('what this version does not have yet', () => {
  test.each([
    ['mounts', { mounts: [{ tmpfs: '/x' }] }, 'mounts'],
    ['secrets', { secrets: { A: { value: 'x', hosts: [] } } }, 'secrets'],
    ['idleMs', { idleMs: 1 }, 'idleMs'],
    ['maxLifeMs', { maxLifeMs: 1 }, 'maxLifeMs'],
  ])('%s is refused by name', async (_, options, name) => {
    const creating = runtime.createBox({ image: { layout: '/x' }, ...options });
    await expect(creating).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining(name) });
  });
});
