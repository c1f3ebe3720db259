import Database from 'better-sqlite3';
import { keptEvents } from '../../../lib/store/events-schema';
import type { ExitInfo } from '../../../lib/types';
import { newBox, openedStore } from './stage';

const exit: ExitInfo = { reason: 'stopped', code: 0, at: new Date(1_700_000_000_000), consoleTail: '' };
const started = { startedAt: 1, exit: null };

test('a box’s life is told in order, each change once', async () => {
  const { boxes, events } = await openedStore();
  await boxes.insert(newBox('k1', { nonce: '01' }));
  await boxes.move('k1', 'creating', 'running', started);
  await boxes.move('k1', 'running', 'stopping');
  await boxes.move('k1', 'stopping', 'stopped', { exit });
  await boxes.patch('k1', { shimPid: null });
  // As a start does it: the run is known before it begins.
  await boxes.patch('k1', { nonce: '02' });
  await boxes.move('k1', 'stopped', 'running', { ...started, startedAt: 2 });
  await boxes.move('k1', 'running', 'removing');
  await boxes.patch('k1', { exit });
  await boxes.remove('k1');
  const told = await events.after(0, {});
  expect(told.map(({ type }) => type)).toEqual(['created', 'started', 'exited', 'started', 'exited', 'removed']);
  expect(new Set(told.map(({ box }) => box))).toEqual(new Set(['k1']));
  expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const { at } of told) expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  expect(await events.lastExit('k1')).toEqual(exit);
});

test('a box that never ran is not told of, nor is one that is only taken over', async () => {
  const { boxes, events } = await openedStore();
  await boxes.insert(newBox('failed'));
  await boxes.remove('failed');
  await boxes.insert(newBox('k1'));
  await boxes.move('k1', 'creating', 'running', started);
  await boxes.move('k1', 'running', 'stopping');
  await boxes.move('k1', 'stopping', 'running', { shimPid: 7 });
  expect((await events.after(0, {})).map(({ box, type }) => `${box} ${type}`)).toEqual(['k1 created', 'k1 started']);
});

test('they are found by box, by type and from behind any one, page by page', async () => {
  const { boxes, events } = await openedStore();
  for (const id of ['a', 'b']) {
    await boxes.insert(newBox(id));
    await boxes.move(id, 'creating', 'running', started);
  }
  await events.add('b', 'disk-low', { freeBytes: 5 });
  const types = async (...[seq, filter, most]: Parameters<typeof events.after>) =>
    (await events.after(seq, filter, most)).map(({ box, type }) => `${box} ${type}`);
  expect(await types(0, { box: 'b' })).toEqual(['b created', 'b started', 'b disk-low']);
  expect(await types(0, { types: ['created'] })).toEqual(['a created', 'b created']);
  expect(await types(3, {})).toEqual(['b started', 'b disk-low']);
  expect(await types(0, {}, 2)).toEqual(['a created', 'a started']);
  expect(await events.last()).toBe(5);
  expect(await events.lastExit('a')).toBeNull();
});

test(`no more than ${keptEvents} are kept`, async () => {
  const { events, file } = await openedStore();
  expect(await events.last()).toBe(0);
  for (let round = 0; round < 12; round++) await events.add('k1', 'disk-low', { freeBytes: round });
  // Straight to one of a home that has seen many.
  const database = new Database(file);
  database.prepare("INSERT INTO events (seq, at, box, type) VALUES (?, 1, 'k1', 'created')").run(keptEvents + 10);
  database.close();
  expect((await events.after(0, {})).map(({ seq }) => seq)).toEqual([11, 12, keptEvents + 10]);
  await events.add('k1', 'disk-low', { freeBytes: -1 });
  expect((await events.after(0, {})).map(({ seq }) => seq)).toEqual([12, keptEvents + 10, keptEvents + 11]);
});
