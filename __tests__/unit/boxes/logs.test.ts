import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from '../../../lib/boxes/log-file';
import { parseConsoleLine, parseShimLine } from '../../../lib/boxes/logs';

const directory = mkdtempSync(join(tmpdir(), 'boxlite-logs-'));
const path = join(directory, 'a.log');
afterAll(() => rmSync(directory, { recursive: true }));

const texts = async (file: LogFile) => (await file.read()).map(({ text }) => text);

test('a log is read as it grows, in whole lines, through its renaming, from its earlier part on', async () => {
  const file = new LogFile(path);
  expect(await texts(file)).toEqual([]);
  writeFileSync(`${path}.1`, 'old 1\nold');
  writeFileSync(path, '');
  const again = new LogFile(path);
  appendFileSync(path, ' 2\r\nnew');
  expect(await texts(again)).toEqual(['old 1', 'old 2']);
  appendFileSync(path, ' 1\n\nlast before');
  expect(await texts(again)).toEqual(['new 1', '']);
  appendFileSync(path, ' the renaming\n');
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'begun anew\nrest');
  expect(await texts(again)).toEqual(['last before the renaming', 'begun anew']);
  expect(again.rest().map(({ text }) => text)).toEqual(['rest']);
  expect(again.rest()).toEqual([]);
  await Promise.all([file.close(), again.close()]);
});

const at = new Date(5);

test('a line tells its source, and its time where it has one', () => {
  expect(parseShimLine({ text: '2026-01-31T12:00:00.123Z shim: it: works', at })).toEqual({
    at: new Date('2026-01-31T12:00:00.123Z'),
    source: 'shim',
    level: 'info',
    text: 'it: works',
  });
  expect(parseShimLine({ text: '2026-01-31T12:00:00.123Z vmm: x', at })).toMatchObject({ source: 'vmm', text: 'x' });
  expect(parseShimLine({ text: 'qemu: no such thing', at })).toEqual({
    at,
    source: 'vmm',
    level: 'info',
    text: 'qemu: no such thing',
  });
  expect(parseConsoleLine({ text: 'boxlite-agent: x: y', at })).toEqual({
    at,
    source: 'agent',
    level: 'warn',
    text: 'x: y',
  });
  expect(parseConsoleLine({ text: '[    0.1] Linux', at })).toMatchObject({
    source: 'console',
    text: '[    0.1] Linux',
  });
});
