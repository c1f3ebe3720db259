import { collected, failureOf, freshHome, newBox, openedStore } from './stage';

test('a row comes back as it was stored', async () => {
  const home = freshHome();
  const row = newBox('k1', {
    name: 'web',
    labels: { 'a.b/c': '"', ['__proto__']: 'x', '': '' },
    options: {
      cpus: 2,
      network: { policy: { mode: 'none' }, dns: [] },
      ports: [],
      memoryMiB: 256,
      diskMiB: 64,
      user: 'a:b',
      cwd: '/',
      env: { A: 'ü\n' },
      hostname: 'h',
      bootTimeoutMs: 1.5,
    },
    startedAt: 5,
    exit: { reason: 'crash', code: 1, signal: 'SIGKILL', at: new Date(1234), consoleTail: 'oops' },
    boot: { totalMs: 1.5, imageMs: 0, disksMs: 0, shimMs: 0, kernelMs: 0, agentMs: 0, imageCached: true },
    shimPid: 7,
    shimStartTicks: '99',
    shimBootId: 'b',
    detached: true,
    ownerPid: null,
    ownerStartTicks: null,
    ownerBootId: null,
  });
  const first = await openedStore(home);
  await first.boxes.insert(row);
  await first.close();
  const { boxes } = await openedStore(home);
  expect(await boxes.get('k1')).toEqual({ ...row, generation: 0 });
  expect(await boxes.get('web')).toBeNull();
  expect(await boxes.nameOf('k1')).toBe('web');
  expect(await boxes.nameOf('k2')).toBeNull();
});

test('a box is found by its id or its name, the id first', async () => {
  const { boxes } = await openedStore();
  await boxes.insert(newBox('k1', { name: 'web' }));
  await boxes.insert(newBox('k2', { name: 'k1' }));
  expect((await boxes.find('web'))?.id).toBe('k1');
  expect((await boxes.find('k1'))?.id).toBe('k1');
  expect((await boxes.find('k2'))?.id).toBe('k2');
  expect(await boxes.find("' or 1=1 --")).toBeNull();
});

test('a name that is taken is said, with its holder', async () => {
  const { boxes } = await openedStore();
  await boxes.insert(newBox('k1', { name: 'web' }));
  const failure = await failureOf(boxes.insert(newBox('k2', { name: 'web' })));
  expect(failure).toMatchObject({ code: 'box-exists', message: "A box named 'web' exists already", box: 'k1' });
  expect(failure.hint).toContain("getBox('web')");
  expect(await boxes.get('k2')).toBeNull();
});

test('an id is never used twice', async () => {
  const { boxes } = await openedStore();
  await boxes.insert(newBox('k1'));
  expect(await failureOf(boxes.insert(newBox('k1', { name: 'other' })))).toMatchObject({ code: 'store' });
  expect(await boxes.nameOf('k1')).toBe('k1');
});

describe('move', () => {
  test('changes the state from the expected one only, counts it, and applies the patch with it', async () => {
    const { boxes } = await openedStore();
    await boxes.insert(newBox('k1'));
    expect(await boxes.move('k1', 'running', 'stopping', { shimPid: 1 })).toBe(false);
    expect(await boxes.get('k1')).toEqual({ ...newBox('k1'), generation: 0 });
    expect(
      await boxes.move('k1', ['creating', 'stopped'], 'running', { shimPid: 5, startedAt: 9, detached: true }),
    ).toBe(true);
    expect(await boxes.get('k1')).toEqual({
      ...newBox('k1'),
      state: 'running',
      shimPid: 5,
      startedAt: 9,
      detached: true,
      generation: 1,
    });
    expect(await boxes.move('k1', 'running', 'stopped', { shimPid: null })).toBe(true);
    expect(await boxes.get('k1')).toMatchObject({ state: 'stopped', shimPid: null, startedAt: 9, generation: 2 });
    expect(await boxes.move('k2', 'stopped', 'running')).toBe(false);
    expect(await boxes.move('k1', [], 'running')).toBe(false);
  });

  test('of an older run or moment does nothing to the newer one', async () => {
    const { boxes } = await openedStore();
    await boxes.insert(newBox('k1', { nonce: 'aa', state: 'running' }));
    expect(await boxes.move('k1', 'running', 'stopped', {}, { nonce: 'bb' })).toBe(false);
    expect(await boxes.move('k1', 'running', 'stopped', {}, { generation: 1 })).toBe(false);
    expect(await boxes.move('k1', 'running', 'stopped', { nonce: 'bb' }, { nonce: 'aa', generation: 0 })).toBe(true);
    expect(await boxes.get('k1')).toMatchObject({ state: 'stopped', nonce: 'bb', generation: 1 });
  });
});

test('patch changes what it names, of the expected run', async () => {
  const { boxes } = await openedStore();
  await boxes.insert(newBox('k1', { nonce: 'aa', shimPid: 3 }));
  const exit = { reason: 'stopped' as const, at: new Date(7), consoleTail: '' };
  expect(await boxes.patch('k1', { exit, labels: { a: 'b' } })).toBe(true);
  expect(await boxes.patch('k1', { shimPid: 4 }, { nonce: 'bb' })).toBe(false);
  expect(await boxes.patch('k1', {})).toBe(true);
  expect(await boxes.patch('k2', {})).toBe(false);
  expect(await boxes.get('k1')).toEqual({
    ...newBox('k1', { nonce: 'aa', shimPid: 3, exit, labels: { a: 'b' } }),
    generation: 0,
  });
});

test('remove is said once, and only from the states that are named', async () => {
  const { boxes } = await openedStore();
  await boxes.insert(newBox('k1', { state: 'running' }));
  expect(await boxes.remove('k1', ['stopped', 'failed'])).toBe(false);
  expect(await boxes.remove('k1', ['stopped', 'running'])).toBe(true);
  expect(await boxes.remove('k1')).toBe(false);
  await boxes.insert(newBox('k1'));
  expect(await boxes.remove('k1')).toBe(true);
});

describe('list', () => {
  test('is by age, then id', async () => {
    const { boxes } = await openedStore();
    for (const [id, createdAt] of [
      ['c', 2],
      ['b', 1],
      ['a', 2],
      ['d', 0],
    ] as const)
      await boxes.insert(newBox(id, { createdAt }));
    expect((await collected(boxes.list())).map(({ id }) => id)).toEqual(['d', 'b', 'a', 'c']);
  });

  test('takes the labels literally, all of them, and the state', async () => {
    const { boxes } = await openedStore();
    const labels = [{}, { a: '1' }, { a: '1', b: '2' }, { a: '%' }, { 'a"b': "'" }, { 'a.b': '1' }, { a: '' }];
    for (const [index, each] of labels.entries()) {
      await boxes.insert(newBox(`k${index}`, { labels: each, state: index === 2 ? 'running' : 'stopped' }));
    }
    const ids = async (filter: Parameters<typeof boxes.list>[0]) =>
      (await collected(boxes.list(filter))).map(({ id }) => id);
    expect(await ids({ labels: {} })).toHaveLength(7);
    expect(await ids({ labels: { a: '1' } })).toEqual(['k1', 'k2']);
    expect(await ids({ labels: { b: '2', a: '1' } })).toEqual(['k2']);
    expect(await ids({ labels: { a: '%' } })).toEqual(['k3']);
    expect(await ids({ labels: { 'a"b': "'" } })).toEqual(['k4']);
    expect(await ids({ labels: { 'a.b': '1' } })).toEqual(['k5']);
    expect(await ids({ labels: { a: '' } })).toEqual(['k6']);
    expect(await ids({ labels: { toString: '' } })).toEqual([]);
    expect(await ids({ state: 'running' })).toEqual(['k2']);
    expect(await ids({ state: 'stopped', labels: { b: '2' } })).toEqual([]);
  });

  test.each([99, 499, 500, 501, 1000])(
    '%d rows come once each, in order, also those of the same moment',
    async (count) => {
      const { boxes } = await openedStore();
      const ids = Array.from({ length: count }, (_, index) => `k${String(index).padStart(4, '0')}`);
      for (const [index, id] of ids.entries()) {
        await boxes.insert(
          newBox(id, { createdAt: Math.floor(index / 150), state: index % 2 ? 'running' : 'stopped' }),
        );
      }
      expect((await collected(boxes.list())).map(({ id }) => id)).toEqual(ids);
      expect(await collected(boxes.list({ state: 'running' }))).toHaveLength(Math.floor(count / 2));
    },
  );

  test('goes on while boxes are removed under it, and ends where its reader ends', async () => {
    const { boxes } = await openedStore();
    for (let index = 0; index < 250; index++) await boxes.insert(newBox(`k${index}`, { createdAt: index }));
    const seen: string[] = [];
    for await (const { id } of boxes.list()) {
      seen.push(id);
      await boxes.remove(id);
      if (seen.length === 120) break;
    }
    expect(new Set(seen).size).toBe(120);
    expect(await collected(boxes.list())).toHaveLength(130);
  });
});
