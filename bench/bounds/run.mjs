// node --expose-gc bench/bounds/run.mjs ENGINE COUNT BOUND…: what commands leave behind in client, shim and agent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busyMachine } from '../machine.mjs';
import { image, sdk } from '../paths.mjs';
import { boundBulk } from './bulk.mjs';
import { boundExecs } from './execs.mjs';
import { boundJoinable } from './joinable.mjs';
import { boundUnread } from './unread.mjs';
import { table } from './verdict.mjs';

const bounds = { bulk: boundBulk, unread: boundUnread, execs: boundExecs, joinable: boundJoinable };

const [engine, count, ...names] = process.argv.slice(2);
const { Runtime } = await import(sdk);
const home = mkdtempSync(join(tmpdir(), 'boxlite-bounds-'));
const runtime = new Runtime({ home, engine });
try {
  const box = await runtime.createBox({ image: { layout: image }, ...busyMachine });
  const { shimPid: shim } = await box.info();
  const verdicts = [];
  for (const name of names)
    verdicts.push(...(await bounds[name]({ box, shim, count: Number(count), say: console.log })));
  console.log(`\non ${engine}\n${table(verdicts)}`);
  process.exitCode = verdicts.every(({ ok }) => ok) ? 0 : 1;
  await box.remove({ force: true });
} finally {
  await runtime.close();
  rmSync(home, { recursive: true, force: true });
}
