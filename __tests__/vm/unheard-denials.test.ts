import { connect } from 'node:net';
import type { RuntimeEvent } from '../../lib/index';
import { createdBox, engine, homeOf, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';

describe(`what the network of a detached box denies while no program is connected, on ${engine}`, () => {
  const runtime = tempRuntime();

  test('is an event for the next one that asks for events', async () => {
    const { box, port, since } = await leftBox('httpd -f -p 8081');
    await reached(port(8080));
    await reached(port(8081));
    expect(await firstDenial(box, since)).toMatchObject({ box, denied: { ip: '203.0.113.50', port: 80 } });
  });

  test('is an event also when the box has ended since', async () => {
    const { box, port, since } = await leftBox('reboot -f');
    await reached(port(8080));
    expect(await firstDenial(box, since)).toMatchObject({ box, denied: { ip: '203.0.113.50', port: 80 } });
  });

  /** A box of a program that is gone; it is denied once its port 8080 was reached, and then does what is given. */
  async function leftBox(then: string) {
    const creator = tempRuntime({ home: homeOf(runtime) });
    const ports = [{ guest: 8080 }, { guest: 8081 }];
    const events = creator.events({ types: ['started'] });
    const box = await createdBox(creator, { network: { allow: [] }, ports, detached: true });
    const since = await firstCursor(events);
    await box.spawn(`nc -l -p 8080 > /dev/null; wget -q -O - http://203.0.113.50/; ${then}`, { detached: true });
    const published = (await box.info()).ports;
    await creator.close();
    const port = (guest: number) => published.find((port) => port.guest === guest)?.host ?? 0;
    return { box: box.id, port, since };
  }

  async function firstDenial(box: string, since: string): Promise<unknown> {
    const call = { timeoutMs: scaled(20_000) };
    for await (const event of runtime.events({ box, types: ['egress-denied'], since }, call)) return event;
    return null;
  }
});

async function firstCursor(events: AsyncIterable<RuntimeEvent>): Promise<string> {
  for await (const { cursor } of events) return cursor;
  throw new Error('no event');
}

/** Settles once somebody in the box has taken a connection at the port: its relay takes one and drops it where nobody does. */
async function reached(port: number): Promise<void> {
  for (const end = Date.now() + scaled(20_000); Date.now() < end; ) {
    if (await isTaken(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nobody listens at the box's port behind ${port}`);
}

/** One that is taken is not reset; our end of it then ends it. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false }, () => socket.end('\n'));
    socket
      .on('error', () => resolve(false))
      .on('end', () => resolve(true))
      .resume();
  });
}
