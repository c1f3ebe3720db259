import { Inflow } from '../../../lib/exec/inflow';
import { Outflow } from '../../../lib/exec/outflow';
import { initialCredit } from '../../../lib/shim/protocol';

describe('an output stream', () => {
  test('gives what came, in order, and then its end', async () => {
    const inflow = new Inflow(() => {});
    inflow.push(Buffer.from('a'), false);
    inflow.push(Buffer.from('b'), true);
    expect(
      [await inflow.take(), await inflow.take(), await inflow.take()].map((chunk) => chunk?.toString() ?? null),
    ).toEqual(['a', 'b', null]);
  });

  test('grants no credit for what nobody takes, and all of it for what is taken', async () => {
    const grants: number[] = [];
    const inflow = new Inflow((bytes) => grants.push(bytes));
    const piece = Buffer.alloc(initialCredit / 4);
    for (let n = 0; n < 4; n++) inflow.push(piece, false);
    expect(grants).toEqual([]);
    expect(() => inflow.push(Buffer.alloc(1), false)).toThrow(expect.objectContaining({ code: 'protocol' }));
    for (let n = 0; n < 3; n++) await inflow.take();
    expect(grants).toEqual([piece.length, piece.length, piece.length]);
  });

  test('that is discarded goes on granting', () => {
    let granted = 0;
    const inflow = new Inflow((bytes) => (granted += bytes));
    inflow.discard();
    for (let n = 0; n < 100; n++) inflow.push(Buffer.alloc(initialCredit / 2), false);
    expect(granted).toBeGreaterThanOrEqual(50 * initialCredit);
  });

  test('that loses its box gives what it holds before the failure', async () => {
    const inflow = new Inflow(() => {});
    inflow.push(Buffer.from('last'), false);
    inflow.finish(new Error('lost'));
    expect((await inflow.take())?.toString()).toBe('last');
    await expect(inflow.take()).rejects.toThrow('lost');
  });
});

describe('stdin', () => {
  test('stops at its credit and goes on when more is granted', async () => {
    let sent = 0;
    const outflow = new Outflow((bytes) => (sent += bytes.length));
    const written = outflow.write(Buffer.alloc(initialCredit + 10));
    await Promise.resolve();
    expect(sent).toBe(initialCredit);
    outflow.granted(10);
    expect(await written).toBe(true);
    expect(sent).toBe(initialCredit + 10);
  });

  test('is given up when the command ends', async () => {
    const outflow = new Outflow(() => {});
    const written = outflow.write(Buffer.alloc(initialCredit + 1));
    outflow.finish();
    expect(await written).toBe(false);
  });
});
