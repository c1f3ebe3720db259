import { Blocks } from '../../../lib/exec/blocks';

const pattern = Buffer.from(Array.from({ length: 1_000_003 }, (_, n) => (n * 7) % 251));

describe('blocks of bytes', () => {
  test.each([1, 4_096, 10_007, 65_536, 200_000])('give what was added and not dropped, in pieces of %d', (piece) => {
    const blocks = new Blocks();
    const most = 300_000;
    let at = Math.max(0, pattern.length - 60 * piece - 1);
    let begin = at;
    for (; at < pattern.length; at += piece) {
      blocks.add(pattern.subarray(at, at + piece));
      const excess = Math.max(0, blocks.length - most);
      blocks.dropFirst(excess);
      begin += excess;
    }
    expect(blocks.length).toBe(pattern.length - begin);
    expect(Buffer.concat(blocks.parts()).equals(pattern.subarray(begin))).toBe(true);
  });

  test('keep nothing of the memory that was added', () => {
    const blocks = new Blocks();
    const view = Buffer.from('kept');
    blocks.add(view);
    view.fill('x');
    expect(Buffer.concat(blocks.parts()).toString()).toBe('kept');
  });

  test('take the memory of what was dropped for what comes', () => {
    const blocks = new Blocks();
    const memories = new Set<ArrayBufferLike>();
    const piece = Buffer.alloc(50_000);
    for (let n = 0; n < 1_000; n++) {
      blocks.add(piece);
      blocks.dropFirst(Math.max(0, blocks.length - 200_000));
      for (const part of blocks.parts()) memories.add(part.buffer);
    }
    expect(memories.size).toBeLessThan(20);
  });
});
