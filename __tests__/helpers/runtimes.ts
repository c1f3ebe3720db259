import { type Box, type BoxOptions, type EngineName, Runtime, type RuntimeOptions } from '../../lib/index';
import { tempHome } from './homes';
import { busyboxImage } from './images';

/** The engine under test; the runner sets it, and runs the same files once for each. */
export const engine = (process.env.BOXLITE_TEST_ENGINE ?? 'qemu') as EngineName;

const homes = new Map<Runtime, string>();
const made: { home: string; id: string }[] = [];

/** A Runtime on a home of its own, or on one given, closed after the file. */
export function tempRuntime(options: RuntimeOptions = {}): Runtime {
  const home = options.home ?? tempHome();
  const runtime = new Runtime({ engine, ...options, home });
  homes.set(runtime, home);
  return runtime;
}

/** The home of a tempRuntime. */
export function homeOf(runtime: Runtime): string {
  return homes.get(runtime) ?? '';
}

/** A booted box of the small test image, removed after the file. */
export async function createdBox(runtime: Runtime, options: Partial<BoxOptions> = {}): Promise<Box> {
  const box = await runtime.createBox({ image: { layout: busyboxImage() }, memoryMiB: 256, ...options });
  made.push({ home: homeOf(runtime), id: box.id });
  return box;
}

/** Removes what the file's tests made through these helpers, also where they closed their Runtime. */
export async function closeRuntimes(): Promise<void> {
  for (const { home, id } of made.splice(0)) {
    await using cleaner = new Runtime({ home, engine });
    await cleaner.remove(id, { force: true });
  }
  await Promise.all([...homes.keys()].map((runtime) => runtime.close()));
  homes.clear();
}
