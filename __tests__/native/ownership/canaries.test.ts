import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BoxliteError, type BoxOptions, Runtime } from '../../../lib/index';
import { checkBoxOptions } from '../../../lib/options';
import { findBoxProcesses } from '../../../lib/ownership/probe';
import { newBoxId } from '../../../lib/util/id';
import { tempHome } from '../../helpers/homes';
import { busyboxImage } from '../../helpers/images';
import { scaled } from '../../helpers/speed';
import { cleanUp, until } from '../support';
import { putInQemusPlace } from './machines';

// Every option can carry one of these: a word, which is also a name, a path's last part and a host name; or a number.
const word = `canary${newBoxId()}`;
const memoryMiB = 131;

/** Every option of a box; what this version refuses is left out, and comes in by itself with the version that takes it. */
const options: Required<BoxOptions> = {
  image: { layout: busyboxImage() },
  name: `name.${word}`,
  labels: { [`label-${word}`]: `value-${word}` },
  cpus: 1,
  memoryMiB,
  diskMiB: 65,
  user: `user-${word}`,
  cwd: `/cwd-${word}`,
  env: { [`ENV_${word}`]: `value-${word}` },
  hostname: `host-${word}`,
  bootTimeoutMs: scaled(60_000),
  mounts: [{ tmpfs: `/tmpfs-${word}` }],
  ports: [],
  network: { allow: [`${word}.example`] },
  secrets: { [`SECRET_${word}`]: { value: `secret-${word}`, hosts: [`${word}.example`] } },
  ready: { command: ['/bin/true', word] },
  detached: false,
  autoRemove: false,
  idleMs: 3_600_000,
  maxLifeMs: 3_600_000,
};
const accepted = Object.fromEntries(Object.entries(options).filter(isAccepted)) as unknown as BoxOptions;

describe('a box that is created with a canary in every option', () => {
  const home = tempHome();
  const runtime = new Runtime({ home, engine: 'qemu' });
  const controller = new AbortController();
  let creating: Promise<unknown>;
  let id = '';

  beforeAll(async () => {
    putInQemusPlace(new Map([[memoryMiB, 'never says hello']]));
    creating = runtime.createBox(accepted, { signal: controller.signal }).catch(() => {});
    const processes = () => {
      id = entries(join(home, 'boxes'))[0] ?? '';
      return findBoxProcesses(id);
    };
    await until('its machine runs', () => processes().some(({ argv }) => argv.includes('-m')), scaled(20_000));
  });
  afterAll(async () => {
    controller.abort();
    await creating;
    await runtime.close();
    cleanUp();
  });

  test('I2: shows none of them in any command line or environment of the machine', () => {
    const seen = readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
      .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
      .filter((path) => read(path).includes(word));
    expect(seen).toEqual([]);
  });

  test('I2: writes none of them to a log, and its directory and database are closed to everybody else', () => {
    const logs = entries(join(home, 'boxes', id)).filter((name) => name.endsWith('.log'));
    expect(logs).toContain('shim.log');
    expect(logs.filter((name) => read(join(home, 'boxes', id, name)).includes(word))).toEqual([]);
    expect(holding(home).sort()).toEqual(expect.arrayContaining([join(home, 'boxlite.db-wal')]));
    for (const path of holding(home)) expect(openToOthers(path)).toEqual([]);
    expect(openToOthers(join(home, 'boxes', id))).toEqual([]);
  });

  test('S4: stores no path of a socket, neither in its row nor in a file', () => {
    const links = Buffer.from(`/tmp/bl-${process.geteuid?.()}`);
    const databases = entries(home).filter((name) => name.startsWith('boxlite.db'));
    expect(databases).toContain('boxlite.db-wal');
    const files = [...databases, ...entries(join(home, 'boxes', id)).map((name) => join('boxes', id, name))];
    expect(files.filter((name) => read(join(home, name)).includes(links))).toEqual([]);
    expect(files.filter((name) => read(join(home, name)).includes('box.sock'))).toEqual([]);
  });
});

function isAccepted([name, value]: [string, unknown]): boolean {
  try {
    checkBoxOptions({ image: options.image, [name]: value });
    return true;
  } catch (error) {
    if (BoxliteError.is(error, 'unsupported')) return false;
    throw error;
  }
}

/** The files below a home, but its images, in which the canary is. */
function holding(home: string): string[] {
  const options = { encoding: 'utf8' as const };
  const found = execFileSync('/bin/sh', ['-c', 'grep -rlF -- "$1" "$2" || [ $? -eq 1 ]', 'sh', word, home], options);
  return found.split('\n').filter((path) => path !== '' && !path.startsWith(join(home, 'images')));
}

/** Below that path, whatever group or others may read or enter. */
function openToOthers(path: string): string[] {
  const found = execFileSync('find', [path, '-not', '-type', 'l', '-perm', '/077'], { encoding: 'utf8' });
  return found.split('\n').filter(Boolean);
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

// What cannot be read, as a directory or another user's process, shows nothing.
function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
