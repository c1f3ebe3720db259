import { closeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { BoxliteError } from '../errors';
import { nativeFile } from '../native/load';
import { explainPorts } from '../network/holder';
import { netdSettings } from '../network/settings';
import { cgroupPids, createBoxCgroup } from '../ownership/cgroup';
import { readIdentity } from '../ownership/identity';
import { BoxSockets } from '../ownership/sockets';
import type { Engine } from '../shim/engine';
import { type LaunchedShim, launchShim, type ReadyAnswer } from '../shim/launch';
import type { ShimSettings } from '../shim/settings';
import type { BoxRow } from '../store/schema';
import type { Deadline } from '../util/deadline';
import { explainBoot } from './console-tail';
import { boxPaths } from './directory';
import { defaultDiskMiB } from './disk';
import type { Home } from './home';
import { imageDiskOf } from './image-disk';
import { boxLimits } from './limits';
import { ownerIdentity } from './row';
import { clearRun } from './state';

// The shim's own boot clock ends a little earlier than the caller's, so that its answer, with the console, still arrives.
const shimShare = 0.95;

/** A box on its way up, for create and start alike. */
export interface Boot {
  home: Home;
  row: BoxRow;
  engine: Engine;
  cgroup?: string | null;
  shim?: LaunchedShim;
  ready?: ReadyAnswer;
  /** From the spawning of the shim to its ready line. */
  bootMs?: number;
}

export async function ensureSockets({ home, row }: Boot): Promise<void> {
  await new BoxSockets(home.path, row.id).ensure();
}

export async function undoSockets({ home, row }: Boot): Promise<void> {
  await new BoxSockets(home.path, row.id).remove();
}

/** Spawns the shim; it owns the box from here on. */
export async function startShim(boot: Boot, deadline: Deadline): Promise<void> {
  const { home, row, engine } = boot;
  const paths = boxPaths(home.path, row.id);
  // A record of an earlier run must not be taken for this one's.
  await rm(paths.exitRecord, { force: true });
  boot.cgroup = createBoxCgroup(row.id, boxLimits(engine.name, row.options));
  const began = performance.now();
  const timeoutMs = row.options.bootTimeoutMs ?? engine.bootTimeoutMs;
  using budget = deadline.within(timeoutMs, 'boot-timeout', `The box did not boot within its ${timeoutMs} ms`);
  const shimTimeoutMs = Math.ceil(Math.min(budget.remainingMs, deadline.remainingMs) * shimShare);
  boot.shim = await launchShim(shimSettings(boot, shimTimeoutMs), paths.shimLog, home.reaper, budget);
  if (boot.shim.cgroupFailure) home.log('error', `the box runs without its cgroup: ${boot.shim.cgroupFailure}`, row.id);
  if (boot.shim.lifeline !== undefined) home.lifelines.set(row.id, boot.shim.lifeline);
  void boot.shim.exited.then(() => dropLifeline(home, row.id, boot.shim));
  try {
    boot.ready = await boot.shim.ready;
  } catch (error) {
    throw await explainPorts(await explainBoot(error, paths.consoleLog), row.options.ports);
  }
  boot.bootMs = performance.now() - began;
  requireMembership(boot);
}

/** It was started in its cgroup, and what it starts is born there: one that is not there after all is said, not fatal. */
function requireMembership({ home, row, shim, ready, cgroup }: Boot): void {
  if (!cgroup || !ready || shim?.cgroupFailure) return;
  const members = cgroupPids(row.id);
  const outside = [ready.shimPid, ready.vmmPid].filter((pid) => !members.includes(pid));
  if (outside.length > 0) home.log('error', `not in the box's cgroup ${cgroup}: process ${outside.join(', ')}`, row.id);
}

/** Takes a half-booted box down again and waits until nothing of it runs. */
export async function undoShim({ home, row }: Boot): Promise<void> {
  await clearRun(home, row.id);
}

export async function markRunning({ home, row, ready }: Boot, timings: BoxRow['boot']): Promise<void> {
  const patch = {
    startedAt: Date.now(),
    exit: null,
    nonce: row.nonce,
    engine: row.engine,
    boot: timings,
    ...ownerIdentity(),
    ports: ready?.ports ?? [],
    ...shimIdentity(ready?.shimPid),
  };
  if (await home.store.boxes.move(row.id, row.state, 'running', patch)) return;
  throw new BoxliteError('box-state', 'The box was removed while it was booting', { box: row.id });
}

function shimIdentity(pid: number | undefined) {
  const identity = pid === undefined ? null : readIdentity(pid);
  return {
    shimPid: identity?.pid ?? null,
    shimStartTicks: identity ? String(identity.startTicks) : null,
    shimBootId: identity?.bootId ?? null,
  };
}

function dropLifeline(home: Home, id: string, shim: LaunchedShim | undefined): void {
  if (shim?.lifeline === undefined) return;
  if (home.lifelines.get(id) === shim.lifeline) home.lifelines.delete(id);
  closeSync(shim.lifeline);
}

function shimSettings({ home, row, engine, cgroup }: Boot, bootTimeoutMs: number): ShimSettings {
  const paths = boxPaths(home.path, row.id);
  const sockets = new BoxSockets(home.path, row.id);
  const network = netdSettings(row.options);
  return {
    version: 1,
    boxId: row.id,
    nonce: row.nonce,
    engine: engine.name,
    directory: paths.directory,
    sockets: { box: sockets.path('box.sock'), agent: sockets.path('agent.sock') },
    cgroup: cgroup ?? null,
    machine: { cpus: row.options.cpus, memoryMiB: row.options.memoryMiB },
    disks: [
      { path: nativeFile('agent.ext4'), readonly: true },
      { path: imageDiskOf(home.path, row), readonly: true },
      { path: paths.disk, readonly: false },
    ],
    programs: { ...engine.programs(), ...(network ? { netd: nativeFile('boxlite-netd') } : {}) },
    network,
    bootTimeoutMs,
    lifeline: !row.detached,
    boot: {
      hostname: row.options.hostname ?? row.name,
      clockNs: `${BigInt(Date.now()) * 1_000_000n}`,
      growDisk: row.options.diskMiB !== defaultDiskMiB,
      network: network !== null,
    },
  };
}
