import { checkCommandSize } from '../options';
import type { Command } from '../types';

/** What the commands of a box start from: the image's settings under the box's own. */
export interface CommandDefaults {
  env: Record<string, string>;
  cwd?: string | undefined;
  user?: string | undefined;
}

export interface CommandSettings {
  cwd?: string | undefined;
  env?: Record<string, string | null> | undefined;
  user?: string | undefined;
  /** A number in the guest. */
  killSignal: number;
  killGraceMs: number;
  limits?: { memoryMiB?: number; cpus?: number; pids?: number } | undefined;
  tty?: { cols: number; rows: number } | undefined;
  name?: string | undefined;
}

/** The `open` request of a command: docs/protocol.md. Throws 'limit' when arguments and whole environment are too large. */
export function execRequest(
  command: Command,
  settings: CommandSettings,
  defaults: CommandDefaults,
  wants: { stdin: boolean; announce: boolean; detached?: boolean; lifeMs?: number | undefined },
): object {
  const isShell = typeof command === 'string';
  const env = mergeEnvironment(defaults.env, settings.env ?? {});
  checkCommandSize(command, env);
  return {
    op: 'exec',
    argv: isShell ? ['/bin/sh', '-c', command] : command,
    shell: isShell,
    env,
    cwd: settings.cwd ?? defaults.cwd,
    user: settings.user ?? defaults.user,
    ...wants,
    killSignal: settings.killSignal,
    killGraceMs: settings.killGraceMs,
    tty: settings.tty,
    limits: settings.limits && limitsForGuest(settings.limits),
    name: settings.name,
  };
}

// In whole numbers of the units that the guest's cgroups take.
function limitsForGuest({ memoryMiB, cpus, pids }: NonNullable<CommandSettings['limits']>): object {
  return {
    memoryBytes: memoryMiB && memoryMiB * 1024 * 1024,
    cpuThousandths: cpus && Math.round(cpus * 1000),
    processes: pids,
  };
}

/** Later over earlier; null takes a variable away. */
export function mergeEnvironment(
  base: Record<string, string>,
  over: Record<string, string | null>,
): Record<string, string> {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}
