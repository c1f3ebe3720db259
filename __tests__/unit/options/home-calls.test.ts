import { checkEventFilter, checkGetOrCreate, checkPrune } from '../../../lib/options';
import { refusalOf } from './refusal';

const box = { image: { layout: '/images/busybox' } };

test('the options of prune are checked, with nothing as their default', () => {
  expect(checkPrune(undefined)).toEqual({ dryRun: false });
  expect(checkPrune({ dryRun: true, maxDiskMiB: 0 })).toEqual({ dryRun: true, maxDiskMiB: 0 });
  for (const wrong of [{ dryRun: 1 }, { maxDiskMiB: -1 }, { maxDiskMiB: 1.5 }, { maxDisk: 1 }])
    expect(refusalOf(() => checkPrune(wrong)).code).toBe('invalid-argument');
});

test('the filter of events takes a box, known types and a cursor, and nothing else', () => {
  expect(checkEventFilter({})).toEqual({});
  const filter = { box: 'web', types: ['created', 'exited'], since: '0123456789ab-17' };
  expect(checkEventFilter(filter)).toEqual({ ...filter, box: { kind: 'text', text: 'web' } });
  for (const wrong of [
    { types: 'created' },
    { types: ['create'] },
    { since: '17' },
    { since: 17 },
    { box: '' },
    { from: 1 },
  ])
    expect(refusalOf(() => checkEventFilter(wrong)).code).toBe('invalid-argument');
});

test('getOrCreateBox takes the options of a box, needs a name, and prepares only where there is an onCreate', () => {
  const { box: bare, onCreate } = checkGetOrCreate({ ...box, name: 'web' });
  expect([bare.name, bare.preparing, onCreate]).toEqual(['web', false, undefined]);
  const prepare = async () => {};
  const prepared = checkGetOrCreate({ ...box, name: 'web', onCreate: prepare });
  expect([prepared.box.preparing, prepared.onCreate]).toEqual([true, prepare]);
  expect('onCreate' in prepared.box).toBe(false);
  for (const wrong of [
    box,
    { ...box, name: 'web', onCreate: 1 },
    { ...box, name: 'web', oncreate: prepare },
    { name: 'web' },
  ])
    expect(refusalOf(() => checkGetOrCreate(wrong)).code).toBe('invalid-argument');
  expect(refusalOf(() => checkGetOrCreate(box)).message).toContain('name');
});
