import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';
import { run } from '../command.mjs';
import { failed, passed } from '../outcomes.mjs';

const CHECKS = [
  ['biome', 'check', '.'],
  ['depcruise', '--config', '.dependency-cruiser.cjs', 'lib'],
  ['tsc', '--noEmit'],
];

/** Each tool's verdict over all files is one outcome. */
export async function runLint() {
  const outcomes = [];
  for (const [tool, ...args] of CHECKS) {
    const title = [tool, ...args].join(' ');
    const { code, output } = await run(join(root, 'node_modules/.bin', tool), args, { env: { NO_COLOR: '1' } });
    outcomes.push(code === 0 ? passed(title) : failed(title, output));
  }
  return outcomes;
}
