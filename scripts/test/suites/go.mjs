import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { failed, fromGoTest, passed, withEnd } from '../outcomes.mjs';

const cwd = join(root, 'go');

// As the programs are built: what confines a whole process works without cgo only (syscall.AllThreadsSyscall).
const env = { CGO_ENABLED: '0' };

/** go vet is one outcome, then those of the tests. */
export async function runGo() {
  const vet = await run('go', ['vet', './...'], { cwd, env });
  const test = await run('go', ['test', '-json', './...'], { cwd, env });
  // What go itself has to say, of a package that does not compile for one, is not JSON.
  const lines = test.output.split('\n').filter((line) => line.startsWith('{'));
  const outcomes = fromGoTest(lines.map((line) => JSON.parse(line)));
  return [vet.code === 0 ? passed('go vet') : failed('go vet', vet.output), ...withEnd(outcomes, test)];
}
