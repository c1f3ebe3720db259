// node bench/run.mjs RESULTS [ENGINE]: measures, and writes what it found to the file RESULTS.
import { writeFileSync } from 'node:fs';
import { endSignal } from './end-signal.mjs';
import { measureAll } from './measure.mjs';

const [results, engine = 'auto'] = process.argv.slice(2);
writeFileSync(results, JSON.stringify(await measureAll({ engine, signal: endSignal(), say: console.log })));
