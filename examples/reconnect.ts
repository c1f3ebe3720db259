import { Runtime } from '@boxlite/sdk';

await using runtime = new Runtime();
await using box = await runtime.createBox({ image: { layout: process.argv[2] ?? './image' } });

// It goes on without this handle, and keeps the last of its output.
const command = 'echo listening; read name; echo "hello, $name"; exit 3';
const { id } = await box.spawn(command, { detached: true, name: 'server' });

// Later, and from any program that shares the home: runtime.getBox(…), then attach.
const server = await box.attach(id);
console.log(await server.waitForLog('listening')); // listening
const input = server.stdin.getWriter();
await input.write('you\n');
await input.close();

const result = await server.wait();
console.log(result.stdout.trim().split('\n').at(-1)); // hello, you
console.log(result.exitCode); // 3
