import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostileCases } from '../../helpers/corpus-hostile';
import { closeImages, stored, tempImages } from '../../helpers/image-homes';

let directory: string;
let canary: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'boxlite-hostile-')));
  canary = realpathSync(mkdtempSync(join(tmpdir(), 'boxlite-canary-')));
  writeFileSync(join(canary, 'canary'), 'untouched');
});

afterEach(async () => {
  await closeImages();
  for (const path of [directory, canary]) rmSync(path, { recursive: true, force: true });
});

test.each(hostileCases)('%s is %s', async (_, codes, write) => {
  const layout = join(directory, 'layout');
  write(layout, canary);
  const before = readdirSync(tmpdir());
  const { images, home } = tempImages();
  const outcome = await images.load({ layout }).then(
    () => 'harmless',
    (error) => error.code,
  );
  expect(codes.split(' ')).toContain(outcome);
  if (outcome !== 'harmless') expect(stored(home, 'disks')).toEqual([]);
  expect(stored(home, 'tmp')).toEqual([]);
  expect(readdirSync(canary)).toEqual(['canary']);
  expect(readFileSync(join(canary, 'canary'), 'utf8')).toBe('untouched');
  const made = readdirSync(tmpdir()).filter((name) => !before.includes(name) && !home.endsWith(name));
  expect(made).toEqual([]);
});
