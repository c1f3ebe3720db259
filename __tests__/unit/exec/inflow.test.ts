import { Inflow } from '../../../lib/exec/inflow';
import { Outflow } from '../../../lib/exec/outflow';
import { headerBytes, initialCredit } from '../../../lib/shim/protocol';

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

  test('that is read in bulk gets a larger window once, and then fewer grants', async () => {
    const grants: number[] = [];
    const inflow = new Inflow((bytes) => grants.push(bytes));
    const piece = Buffer.alloc(initialCredit / 4);
    for (let n = 0; n < 36; n++) {
      inflow.push(piece, false);
      await inflow.take();
    }
    const window = 2 * 1024 * 1024;
    expect(grants.reduce((sum, bytes) => sum + bytes)).toBe(36 * piece.length + window - initialCredit);
    expect(grants.slice(4)).toEqual(grants.slice(4).map(() => window / 4));
    for (let n = 0; n < 32; n++) inflow.push(piece, false);
    expect(() => inflow.push(Buffer.alloc(1), false)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test('that is drained gives what was held and what comes, as it comes, and its end', async () => {
    const seen: string[] = [];
    const inflow = new Inflow(() => {});
    inflow.push(Buffer.from('held'), false);
    const drained = inflow.drain((bytes) => seen.push(bytes.toString()));
    inflow.push(Buffer.from('came'), false);
    expect(seen).toEqual(['held', 'came']);
    inflow.push(Buffer.from('last'), true);
    await drained;
    expect(seen).toEqual(['held', 'came', 'last']);
  });

  test('that is drained throws what its sink throws, and what it lost', async () => {
    const thrown = new Inflow(() => {});
    const drained = thrown.drain(() => {
      throw new Error('of the sink');
    });
    thrown.push(Buffer.from('a'), false);
    await expect(drained).rejects.toThrow('of the sink');
    const lost = new Inflow(() => {});
    lost.finish(new Error('lost'));
    await expect(lost.drain(() => {})).rejects.toThrow('lost');
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
  test('stops before its credit is too little for a whole piece, and goes on when more is granted', async () => {
    let sent = 0;
    const outflow = new Outflow((bytes) => {
      sent += bytes.length;
      return undefined;
    });
    const written = outflow.write(Buffer.alloc(initialCredit + 10));
    await Promise.resolve();
    const pieces = 2 * (initialCredit / 2 - headerBytes);
    expect(sent).toBe(pieces);
    outflow.granted(9);
    await new Promise(setImmediate);
    expect(sent).toBe(pieces);
    outflow.granted(1);
    expect(await written).toBe(true);
    expect(sent).toBe(initialCredit + 10);
  });

  test('is given up when the command ends', async () => {
    const outflow = new Outflow(() => undefined);
    const written = outflow.write(Buffer.alloc(initialCredit + 1));
    outflow.finish();
    expect(await written).toBe(false);
  });

  test('sends nothing while the connection holds enough, and is given up then too', async () => {
    const held: (() => void)[] = [];
    const outflow = new Outflow(() => new Promise((resolve) => held.push(resolve)));
    const written = outflow.write(Buffer.alloc(initialCredit));
    outflow.granted(initialCredit);
    await new Promise(setImmediate);
    expect(held).toHaveLength(1);
    held[0]?.();
    await new Promise(setImmediate);
    expect(held).toHaveLength(2);
    outflow.finish();
    expect(await written).toBe(false);
  });
});
