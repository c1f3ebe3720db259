import { basename } from 'node:path';
import { argvNamesBox } from './argv';

/** What is known of a process that has a box's id among its arguments, or is in its cgroup. */
export interface MembershipFacts {
  argv: readonly string[];
  inCgroup: boolean;
  /** The arguments of its parent, the parent's parent, and so on. */
  ancestors: readonly (readonly string[])[];
}

const ownPrograms = new Set(['boxlite-shim', 'boxlite-vmm', 'boxlite-netd']);
const machineProgram = 'qemu-system-x86_64';

/**
 * Whether a process is the box's own, and so may be signalled: it is in the box's cgroup, it is one of the programs that
 * run a box, or one of these started it. A pure function over facts.
 *
 * That its arguments name the box is not enough: an editor, `tail -f <id>` and `node stop.js <id>` do that too.
 */
export function belongsToBox(boxId: string, { argv, inCgroup, ancestors }: MembershipFacts): boolean {
  return inCgroup || [argv, ...ancestors].some((each) => runsBox(each, boxId));
}

/** The box that a program of this library runs, by its name and the form of its command line; null for any other program. */
export function boxOfProgram(argv: readonly string[]): string | null {
  const [, second = '', third = ''] = argv;
  const id = second === '-name' ? third : second;
  return id !== '' && runsBox(argv, id) && (second === '-name' || argv.length === 2) ? id : null;
}

function runsBox(argv: readonly string[], boxId: string): boolean {
  const program = basename(argv[0] ?? '');
  if (ownPrograms.has(program)) return argvNamesBox(argv, boxId);
  // The marker that the engine puts first on its command line.
  return program === machineProgram && argv[1] === '-name' && argv[2] === boxId;
}
