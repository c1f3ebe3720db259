// node bench/run.mjs RESULTS [ENGINE [PART,…]]: measures, and writes what it found to the file RESULTS.
import { writeFileSync } from 'node:fs';
import { endSignal } from './end-signal.mjs';
import { measureAll, PARTS } from './measure.mjs';

const [results, engine = 'auto', parts] = process.argv.slice(2);
const only = parts?.split(',') ?? PARTS;
writeFileSync(results, JSON.stringify(await measureAll({ engine, only, signal: endSignal(), say: console.log })));
