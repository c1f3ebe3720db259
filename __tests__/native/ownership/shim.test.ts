import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nativeFile } from '../../../lib/native/load';
import { argvNamesBox, shimArgv } from '../../../lib/ownership/argv';
import { readIdentity } from '../../../lib/ownership/identity';
import { readPidFile } from '../../../lib/ownership/pid-file';
import { findBoxProcesses } from '../../../lib/ownership/probe';
import { ShimReaper } from '../../../lib/ownership/reaper';
import { killBoxTree } from '../../../lib/ownership/tree';
import { launchShim } from '../../../lib/shim/launch';
import { type ShimSettings, settingsVersion } from '../../../lib/shim/settings';
import { Deadline } from '../../../lib/util/deadline';
import { newBoxId, newNonce } from '../../../lib/util/id';
import { scaled } from '../../helpers/speed';
import { cleanUp, stateOf, tempDirectory, until } from '../support';
import { machine } from './machines';

const canary = 'canary-2718281828459045';

describe('a shim that the real launcher started, whose machine never says hello', () => {
  const id = newBoxId();
  const reaper = new ShimReaper();
  const deadline = Deadline.alone(scaled(60_000), 'the test');
  let settings: ShimSettings;
  let pid = 0;
  let exited: Promise<unknown>;

  beforeAll(async () => {
    settings = await shimSettings(id);
    const shim = await launchShim(settings, join(settings.directory, 'shim.log'), reaper, deadline);
    shim.ready.catch(() => {});
    ({ pid, exited } = shim);
    await until('its machine runs', () => findBoxProcesses(id).length === 2);
  });
  afterAll(async () => {
    await killBoxTree(id);
    reaper[Symbol.dispose]();
    deadline[Symbol.dispose]();
    cleanUp();
  });

  test('I1: has exactly the argv that shimArgv makes, by which argvNamesBox knows it', () => {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');
    expect(argv).toEqual(shimArgv(nativeFile('boxlite-shim'), id));
    expect(argv).toHaveLength(2);
    expect(argvNamesBox(argv, id)).toBe(true);
    expect(findBoxProcesses(id).map((found) => found.pid)).toContain(pid);
  });

  test('I1: names its machine by the same element', () => {
    const [child] = findBoxProcesses(id).filter((found) => found.pid !== pid);
    expect(child?.argv.filter((element) => element.includes(id))).toEqual([id]);
  });

  test('I2: got its settings on stdin alone: none of them is in an argv, an environment or a log', () => {
    for (const found of findBoxProcesses(id)) {
      expect(readFileSync(`/proc/${found.pid}/environ`, 'latin1')).not.toContain(canary);
      expect(found.argv.join(' ')).not.toContain(canary);
      expect(found.argv.join(' ')).not.toContain(settings.nonce);
    }
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toBe('');
    expect(readFileSync(join(settings.directory, 'shim.log'), 'utf8')).not.toContain(canary);
  });

  test('I4: is the very process that its pid file tells of', () => {
    const file = readPidFile(join(settings.directory, 'shim.pid'));
    expect(file).toEqual({ kind: 'valid', identity: readIdentity(pid) });
  });

  test('K2 K5: takes its machine with it when it is killed', async () => {
    const [child] = findBoxProcesses(id).filter((found) => found.pid !== pid);
    process.kill(pid, 'SIGKILL');
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
    await until('its machine is gone', () => findBoxProcesses(id).length === 0);
    expect([undefined, 'Z']).toContain(stateOf(child?.pid ?? 0));
  });
});

async function shimSettings(boxId: string): Promise<ShimSettings> {
  const directory = tempDirectory();
  const disk = join(directory, 'disk.ext4');
  writeFileSync(disk, Buffer.alloc(4096));
  await mkdir(join(directory, 'sockets'));
  return {
    version: settingsVersion,
    boxId,
    nonce: newNonce(),
    engine: 'qemu',
    directory,
    sockets: { box: join(directory, 'sockets/box.sock'), agent: join(directory, 'sockets/agent.sock') },
    cgroup: null,
    machine: { cpus: 1, memoryMiB: 128 },
    disks: [{ path: disk, readonly: false }],
    programs: { vmm: '', libkrun: '', libkrunfw: '', qemu: machine('never says hello'), kernel: disk, netd: '' },
    network: null,
    bootTimeoutMs: scaled(60_000),
    lifeline: true,
    boot: { hostname: canary, clockNs: '0', growDisk: false, network: false },
  };
}
