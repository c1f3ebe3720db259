import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { newBoxId } from '../../lib/util/id';
import { tempHome } from '../helpers/homes';
import { findLeftovers, noteBox, processesOf } from '../helpers/leftovers';
import { cleanUp, onCleanUp, stateOf, stranger, until } from './support';

afterEach(cleanUp);

describe('the search for leftovers', () => {
  test('K7: sees a process of a box whose pid file and directory are gone, and leaves it alive', async () => {
    const home = tempHome();
    const id = newBoxId();
    mkdirSync(join(home, 'boxes', id), { recursive: true });
    expect(findLeftovers(home)).toEqual([`directory boxes/${id}`]);
    rmSync(join(home, 'boxes', id), { recursive: true });
    const { pid } = await stranger(id);
    expect(findLeftovers(home)).toEqual([expect.stringContaining(`process ${pid} `)]);
    await until('it goes on to wait', () => stateOf(pid) === 'S');
    process.kill(pid, 'SIGKILL');
    await until('it has ended', () => processesOf(home).length === 0);
  });

  test('K7: sees a process by the id that a test noted, and not by one that it is only like', async () => {
    const home = tempHome();
    noteBox(home, 'box-1');
    await stranger('box-10', 'xbox-1', '--id=box-1');
    expect(findLeftovers(home)).toEqual([]);
    const { pid } = await stranger('box-1');
    expect(findLeftovers(home)).toEqual([expect.stringMatching(`process ${pid} .* is of box box-1`)]);
  });

  test('K7: sees a link and a directory whose removal did not end', () => {
    const home = tempHome();
    const parent = `/tmp/bl-${process.geteuid?.()}`;
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    const link = join(parent, newBoxId());
    symlinkSync(join(home, 'boxes/gone/sockets'), link);
    onCleanUp(() => rmSync(link, { force: true }));
    mkdirSync(join(home, 'trash', 'half'), { recursive: true });
    onCleanUp(() => rmSync(join(home, 'trash'), { recursive: true, force: true }));
    expect(findLeftovers(home)).toEqual(['directory trash/half', `link ${link}`]);
  });
});
