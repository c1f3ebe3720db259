// A program that makes a box, runs a command in it, stops it and removes it, and is killed on the way, or sees its box killed.
import { writeSync } from 'node:fs';
import { type BoxliteError, Runtime } from '../../../lib/index';
import type { Order } from './order';

const order = JSON.parse(process.argv[2] ?? '{}') as Order;

function say(fact: object): void {
  writeSync(1, `${JSON.stringify(fact)}\n`);
}

async function round(): Promise<void> {
  await using runtime = new Runtime({ home: order.home, engine: order.engine });
  const box = await runtime.createBox({ image: { layout: order.layout }, name: order.name, memoryMiB: 128 });
  say({ made: box.id });
  await box.exec('echo begun; sleep 0.3; dd if=/dev/zero of=/root/file bs=64k count=64 2>/dev/null', { check: true });
  await box.stop();
  await box.remove();
}

round().then(
  () => say({ ended: 'well' }),
  (error: unknown) => {
    const { code, message } = error as BoxliteError;
    say({ ended: 'badly', code, message });
  },
);
