import { Runtime } from '@boxlite/sdk';

await using runtime = new Runtime();
await using box = await runtime.createBox({ image: { layout: process.argv[2] ?? './image' } });

const program = 'cat > /tmp/program.sh; sh /tmp/program.sh';
const result = await box.exec(program, {
  stdin: 'echo "hello from $(uname -sr)"; exit 3',
  timeoutMs: 30_000,
  maxOutputBytes: 64 * 1024,
});

console.log(result.stdout); // hello from Linux 6.12.91
console.log(result.exitCode); // 3
