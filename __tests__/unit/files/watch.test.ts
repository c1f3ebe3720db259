import { readEvents } from '../../../lib/files/watch';

async function eventsOf(...records: string[]): Promise<object[]> {
  async function* given() {
    for (const record of records) yield Buffer.from(record, 'latin1');
  }
  const events: object[] = [];
  for await (const event of readEvents(given())) events.push(event);
  return events;
}

describe('the events of a watch', () => {
  test('have a type and a path, and a rename has where it came from', async () => {
    expect(await eventsOf('c/a', 'w/a', 'r/b', '/a', 'd/b\xff', 'o/')).toEqual([
      { type: 'create', path: '/a' },
      { type: 'write', path: '/a' },
      { type: 'rename', path: '/b', from: '/a' },
      { type: 'remove', path: '/b\uDCFF' },
      { type: 'overflow', path: '/' },
    ]);
  });

  test('of a guest that sees a part of the tree only have whole paths', async () => {
    async function* given() {
      for (const record of ['r/b', '/a', 'd/']) yield Buffer.from(record);
    }
    const events: object[] = [];
    for await (const event of readEvents(given(), '/work')) events.push(event);
    expect(events).toEqual([
      { type: 'rename', path: '/work/b', from: '/work/a' },
      { type: 'remove', path: '/work' },
    ]);
  });

  test.each([
    ['half a rename', ['r/b']],
    ['an unknown kind', ['?/b']],
    ['an empty record', ['']],
  ])('are refused as a broken stream: %s', async (_, records) => {
    await expect(eventsOf(...records)).rejects.toMatchObject({ code: 'protocol' });
  });
});
