import { relative } from 'node:path';
import { root } from '../setup/paths.mjs';

/** Writes the outcomes of node's own test runner, one a line. */
export default async function* outcomes(events) {
  for await (const { type, data } of events) {
    if ((type === 'test:pass' || type === 'test:fail') && data.details.type !== 'suite')
      yield line(outcome(type, data));
  }
  yield line({ end: true });
}

function outcome(type, { name, file, skip, todo, details }) {
  const title = file === undefined || name.startsWith(root) ? relative(root, name) : `${relative(root, file)}: ${name}`;
  if (skip !== undefined || todo !== undefined) return { title, status: 'skipped' };
  if (type === 'test:pass') return { title, status: 'passed' };
  return { title, status: 'failed', message: String(details.error.cause?.stack ?? details.error) };
}

function line(value) {
  return `${JSON.stringify(value)}\n`;
}
