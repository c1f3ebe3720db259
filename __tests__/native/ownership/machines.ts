import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onCleanUp, tempDirectory } from '../support';

// Programs in QEMU's place that misbehave on purpose. The shim gives them: 3 the console, 4 the agent's channel.
const stays = 'while :; do read _ <&3; done';

const behaviours = {
  'never says hello': stays,
  'ends at once': 'echo no machine today >&2; exit 1',
  'is killed by a signal': 'kill -KILL $$',
  'talks nonsense to the shim': `echo this is not the box protocol, and it is longer than a preamble >&4; ${stays}`,
  'closes its channel and stays': `exec 4>&-; ${stays}`,
};

export type Behaviour = keyof typeof behaviours;

/** The path of a program that does so. */
export function machine(behaviour: Behaviour): string {
  return program('machine', behaviours[behaviour]);
}

/** What the library finds in QEMU's place until the test ends: a program that behaves by the MiB of the box that it is started for. */
export function putInQemusPlace(byMemoryMiB: ReadonlyMap<number, Behaviour>): void {
  const cases = [...byMemoryMiB].map(([mib, behaviour]) => `*" -m ${mib} "*) ${behaviours[behaviour]} ;;`);
  const path = program('qemu-system-x86_64', `case " $* " in\n${cases.join('\n')}\nesac`);
  const before = process.env.PATH;
  process.env.PATH = `${join(path, '..')}:${before}`;
  onCleanUp(() => {
    process.env.PATH = before;
  });
}

function program(name: string, script: string): string {
  const path = join(tempDirectory(), name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  // Other users, too, may have to run it.
  chmodSync(join(path, '..'), 0o755);
  return path;
}
