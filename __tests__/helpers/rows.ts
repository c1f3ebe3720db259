import { mkdirSync, writeFileSync } from 'node:fs';
import { boxPaths } from '../../lib/boxes/directory';
import { newRow } from '../../lib/boxes/row';
import { checkBoxOptions } from '../../lib/options';
import { openStore } from '../../lib/store/open';
import { newBoxId, newNonce } from '../../lib/util/id';
import { engine } from './runtimes';

/** Puts boxes that are stopped into a home, each with its row, its directory and a disk. */
export async function addStoppedBoxes(home: string, count: number): Promise<void> {
  const store = await openStore(home);
  const options = checkBoxOptions({ image: { layout: '/image' } });
  for (let made = 0; made < count; made++) {
    const row = newRow(newBoxId(), newNonce(), engine, options);
    await store.boxes.insert({ ...row, state: 'stopped' });
    const { directory, disk } = boxPaths(home, row.id);
    mkdirSync(directory, { recursive: true });
    writeFileSync(disk, '');
  }
  await store.close();
}
