#!/usr/bin/env node
// npm run mutations [-- --only I3,K2] [--write]: takes each rule of ownership out, one at a time, in a copy of the
// project, and sees its test fail. With --write what was seen goes into the table of docs/ownership.md.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBusyboxImage } from './images/busybox.mjs';
import { mutations } from './mutations/list.mjs';
import { prove, tryAll } from './mutations/run.mjs';
import { withTable } from './mutations/table.mjs';
import { WorkTree } from './mutations/tree.mjs';
import { out, root } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { stopAll } from './test/command.mjs';

const page = join(root, 'docs/ownership.md');
const { only, write } = parseArgs({
  options: { only: { type: 'string' }, write: { type: 'boolean', default: false } },
}).values;
const rows = only?.split(',');
const chosen = mutations.filter(({ row }) => !rows || rows.includes(row));
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    stop.abort();
    stopAll(`was stopped by ${name}`);
  });
}

await setup();
await makeBusyboxImage(join(out, 'images/busybox'));
const tree = WorkTree.make();
try {
  await prove(tree, chosen);
  const seen = await tryAll(tree, chosen, stop.signal, console.log);
  const missed = seen.filter(({ verdict }) => verdict !== 'caught');
  console.log(`\n${seen.length - missed.length} of ${chosen.length} were noticed by their test.`);
  for (const { row, without, verdict, words } of missed) console.log(`${row}, ${without}: ${verdict}. ${words}`);
  if (write) {
    writeFileSync(page, withTable(readFileSync(page, 'utf8'), mutations, seen));
    execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', page]);
  }
  process.exitCode = Number(missed.length > 0 || seen.length < chosen.length);
} catch (error) {
  console.error(`mutations: ${error.message}`);
  process.exitCode = 2;
} finally {
  tree.remove();
}
