import { capture } from './command.mjs';
import { SetupFailed } from './failure.mjs';

const NODE = { name: 'Node.js', atLeast: [20, 19], repair: 'a Node.js 20.19 or later, from nodejs.org' };

const TOOLS = [
  { name: 'g++', command: ['g++', '-dumpfullversion'], atLeast: [12], repair: 'g++ (apt-get install g++)' },
  { name: 'cmake', command: ['cmake', '--version'], atLeast: [3, 19], repair: 'cmake (apt-get install cmake)' },
  { name: 'cargo', command: ['cargo', '--version'], atLeast: [1, 87], repair: 'a Rust 1.87 or later, with rustup' },
  // From 1.21 on, go fetches the version that go.mod asks for by itself.
  { name: 'go', command: ['go', 'version'], atLeast: [1, 21], repair: 'a Go 1.21 or later, from go.dev' },
];

export function checkNode() {
  complain([lacking(NODE, process.version)]);
}

/** Looks for the compilers, which the set-up does not install. */
export function checkTools() {
  complain(TOOLS.map((tool) => lacking(tool, capture(tool.command[0], tool.command.slice(1)))));
}

function complain(found) {
  const all = found.filter((tool) => tool !== undefined);
  if (all.length === 0) return;
  const what = all.map(({ name, wanted, has }) => `${name} ${wanted} or later is needed, ${has}`).join('; ');
  throw new SetupFailed(what, `install ${all.map(({ repair }) => repair).join('; ')}.`);
}

function lacking({ name, atLeast, repair }, text) {
  const wanted = atLeast.join('.');
  const version = text?.match(/\d+(\.\d+)*/)?.[0];
  if (version === undefined) return { name, wanted, repair, has: 'and none was found' };
  if (isAtLeast(version.split('.').map(Number), atLeast)) return undefined;
  return { name, wanted, repair, has: `but ${version} was found` };
}

function isAtLeast(version, atLeast) {
  for (const [index, part] of atLeast.entries()) {
    if ((version[index] ?? 0) !== part) return (version[index] ?? 0) > part;
  }
  return true;
}
