import { type PreparedImage, prepareImage } from '../images/prepare';
import { netdSettings } from '../network/settings';
import type { CheckedBoxOptions } from '../options/box';
import type { BoxRow } from '../store/schema';
import type { BootTimings, Progress } from '../types';
import type { Deadline } from '../util/deadline';
import { asHostFailure } from '../util/host-failure';
import { newBoxId, newNonce } from '../util/id';
import { runSteps, type Step, type StepHooks } from '../util/steps';
import { type Boot, ensureSockets, markRunning, startShim, undoShim, undoSockets } from './boot';
import { boxPaths, makeBoxDirectory, removeBoxDirectory } from './directory';
import { makeDisk } from './disk';
import type { Home } from './home';
import { imageChanged, linkImageDisk } from './image-disk';
import { awaitReady } from './ready';
import { requireFreeName, requireMachine } from './requirements';
import { newRow } from './row';
import { BoxRun } from './run';
import { type TransitionLock, tryTransition } from './transition';

interface Creation {
  home: Home;
  options: CheckedBoxOptions;
  onProgress: (progress: Progress) => void;
  began: number;
  boot: Boot;
  image?: PreparedImage;
  run?: BoxRun;
  transition?: TransitionLock | null;
  diskMs: number;
  imageMs: number;
}

/** What happens when a box is created, in order; every prefix of it is a state that recovery knows. */
export const createSteps: readonly Step<Creation>[] = [
  { name: 'check', run: checkMachine },
  { name: 'image', run: makeImage },
  { name: 'row', run: insertRow, undo: deleteRow },
  { name: 'directory', run: makeDirectory, undo: removeDirectory },
  { name: 'image-disk', run: holdImage },
  { name: 'disk', run: writeDisk },
  { name: 'sockets', run: ({ boot }) => ensureSockets(boot), undo: ({ boot }) => undoSockets(boot) },
  { name: 'shim', run: bootBox, undo: ({ boot }) => undoShim(boot) },
  { name: 'network', run: listenToNetwork },
  { name: 'ready', run: ({ boot }, deadline) => awaitReady(boot, deadline) },
  { name: 'running', run: finish },
];

/** Makes a box and boots it; on any failure nothing of it is left. */
export async function createBox(
  home: Home,
  options: CheckedBoxOptions,
  deadline: Deadline,
  onProgress: (progress: Progress) => void = () => {},
  hooks: StepHooks = {},
): Promise<{ row: BoxRow; run: BoxRun }> {
  const began = performance.now();
  const engine = await home.engine();
  const row = newRow(newBoxId(), newNonce(), engine.name, options);
  const creation: Creation = { home, options, onProgress, began, boot: { home, row, engine }, diskMs: 0, imageMs: 0 };
  const undoFailed = (step: string, error: unknown) => home.log('error', `undoing '${step}' failed: ${error}`, row.id);
  try {
    await runSteps(createSteps, creation, deadline, { undoFailed, ...hooks });
  } catch (error) {
    throw asHostFailure('createBox', error, 'boot-failed');
  } finally {
    await creation.transition?.release();
  }
  const { boot } = creation;
  const run = creation.run ?? new BoxRun(home, boot.row, boot.shim?.exited);
  return { row: { ...boot.row, state: 'running' }, run };
}

async function checkMachine({ home, options }: Creation): Promise<void> {
  await requireFreeName(home, options.name);
  await requireMachine(options);
}

async function makeImage(creation: Creation, deadline: Deadline): Promise<void> {
  const began = performance.now();
  const image = await prepareImage(creation.home, creation.options.image, deadline, creation.onProgress);
  creation.image = image;
  creation.boot.row = {
    ...creation.boot.row,
    imageRef: image.ref,
    imageDigest: image.digest,
    imageConfig: image.config,
  };
  creation.imageMs = performance.now() - began;
}

async function insertRow({ home, boot }: Creation): Promise<void> {
  await home.store.boxes.insert(boot.row);
}

async function deleteRow({ home, boot }: Creation): Promise<void> {
  await home.store.boxes.remove(boot.row.id, ['creating', 'running', 'removing']);
}

async function makeDirectory(creation: Creation): Promise<void> {
  const { home, boot } = creation;
  await makeBoxDirectory(home.path, boot.row.id);
  creation.transition = await tryTransition(boxPaths(home.path, boot.row.id).transition);
}

async function removeDirectory({ home, boot }: Creation): Promise<void> {
  await removeBoxDirectory(home.path, boot.row.id);
}

/** An image that was removed meanwhile is made again: once the box has its link, nobody can take it away. */
async function holdImage(creation: Creation, deadline: Deadline): Promise<void> {
  const { home, options, boot } = creation;
  while (!(await linkImageDisk(home.path, boot.row))) {
    const { digest } = await prepareImage(home, options.image, deadline, creation.onProgress);
    if (digest !== boot.row.imageDigest) throw imageChanged(boot.row);
  }
}

async function writeDisk(creation: Creation, deadline: Deadline): Promise<void> {
  const began = performance.now();
  const { home, options, boot } = creation;
  await makeDisk(boxPaths(home.path, boot.row.id).disk, options.diskMiB, deadline);
  creation.diskMs = performance.now() - began;
}

async function bootBox({ boot, onProgress }: Creation, deadline: Deadline): Promise<void> {
  onProgress({ phase: 'boot', text: `booting with ${boot.engine.name}` });
  await startShim(boot, deadline);
}

/** A program that is to hear of denials, or to be asked about them, is connected before the first of them. */
async function listenToNetwork(creation: Creation, deadline: Deadline): Promise<void> {
  const { home, options, boot } = creation;
  if (netdSettings(boot.row.options) === null) return;
  creation.run = new BoxRun(home, boot.row, boot.shim?.exited);
  creation.run.notices.onDeny = options.network.onDeny;
  await creation.run.link(deadline);
}

async function finish(creation: Creation): Promise<void> {
  const timings = bootTimings(creation);
  creation.boot.row = { ...creation.boot.row, boot: timings };
  await markRunning(creation.boot, timings);
  creation.onProgress({ phase: 'ready', text: 'ready' });
}

function bootTimings({ began, boot, image, imageMs, diskMs }: Creation): BootTimings {
  const { kernelMs = 0, agentMs = 0 } = boot.ready ?? {};
  return {
    totalMs: performance.now() - began,
    imageMs,
    disksMs: diskMs,
    shimMs: Math.max(0, (boot.bootMs ?? 0) - kernelMs - agentMs),
    kernelMs,
    agentMs,
    imageCached: image?.cached ?? false,
  };
}
