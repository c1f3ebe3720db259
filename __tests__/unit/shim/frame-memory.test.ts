import { FrameMemory } from '../../../lib/shim/frame-memory';

const large = 100 * 1024;

test('memory is used again once it is given back, and only then', () => {
  const memory = new FrameMemory();
  const [first, second] = [memory.take(large), memory.take(large)];
  expect(first.buffer).not.toBe(second.buffer);
  memory.give(first);
  const third = memory.take(large + 1);
  expect(third.buffer).toBe(first.buffer);
  expect(third).toHaveLength(large + 1);
  expect(memory.take(large).buffer).not.toBe(third.buffer);
});

test('what is small, or larger than any piece, has memory of its own', () => {
  const memory = new FrameMemory();
  for (const bytes of [12, 1000, 128 * 1024 + 1]) {
    const frame = memory.take(bytes);
    expect(frame).toHaveLength(bytes);
    memory.give(frame);
  }
  expect(memory.take(large).buffer.byteLength).toBe(128 * 1024);
});

test('no more is kept than waits to be sent at once', () => {
  const memory = new FrameMemory();
  const taken = Array.from({ length: 9 }, () => memory.take(large));
  for (const frame of taken) memory.give(frame);
  const again = Array.from({ length: 9 }, () => memory.take(large));
  const known = new Set(taken.map((frame) => frame.buffer));
  expect(again.filter((frame) => known.has(frame.buffer))).toHaveLength(4);
});

test('there is room while less than four pieces wait to be sent, large or small', async () => {
  const memory = new FrameMemory();
  const taken = Array.from({ length: 3 }, () => memory.take(128 * 1024));
  expect(memory.room()).toBeUndefined();
  const small = memory.take(1);
  let hasRoom = false;
  const room = memory.room()?.then(() => {
    hasRoom = true;
  });
  memory.give(small);
  await room;
  expect(hasRoom).toBe(true);
  expect(memory.room()).toBeUndefined();
  for (const frame of taken) memory.give(frame);
});
