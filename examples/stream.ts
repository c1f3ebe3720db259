import { Runtime } from '@boxlite/sdk';

await using runtime = new Runtime();
await using box = await runtime.createBox({ image: { layout: process.argv[2] ?? './image' } });

// Pull-driven: the command waits while nobody reads.
const counter = await box.spawn('i=0; while :; do echo $i; i=$((i+1)); done');
for await (const line of counter.lines()) {
  if (line === '1000') break;
}
await counter.kill('SIGKILL');
console.log((await counter.wait()).signal); // SIGKILL
