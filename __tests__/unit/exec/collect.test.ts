import { Collector } from '../../../lib/exec/collect';

const text = 'abcdefghijklmnopqrstuvwxyz';

function collect(limit: number, keep: 'head' | 'tail' | 'both', chunkBytes: number) {
  const collector = new Collector(limit, keep);
  for (let at = 0; at < text.length; at += chunkBytes) collector.add(Buffer.from(text.slice(at, at + chunkBytes)));
  return { kept: collector.bytes().toString(), dropped: collector.dropped };
}

describe('the output collector', () => {
  test.each([1, 2, 3, 5, 7, 13, 26])('keeps the right end and counts the rest, in chunks of %d', (chunk) => {
    for (let limit = 0; limit <= 30; limit++) {
      const dropped = Math.max(0, 26 - limit);
      const first = Math.ceil(limit / 2);
      const last = limit - first;
      const both = dropped === 0 ? text : text.slice(0, first) + text.slice(26 - last);
      expect(collect(limit, 'head', chunk)).toEqual({ kept: text.slice(0, limit), dropped });
      expect(collect(limit, 'tail', chunk)).toEqual({ kept: text.slice(Math.max(0, 26 - limit)), dropped });
      expect(collect(limit, 'both', chunk)).toEqual({ kept: both, dropped });
    }
  });

  test('holds no more than its limit and one chunk', () => {
    const collector = new Collector(1024, 'tail');
    for (let n = 0; n < 10_000; n++) collector.add(Buffer.alloc(1000));
    expect(collector.bytes()).toHaveLength(1024);
    expect(collector.dropped).toBe(10_000_000 - 1024);
  });
});

test('what was given out stays as it was when more comes', () => {
  for (const keep of ['head', 'tail', 'both'] as const) {
    const collector = new Collector(6, keep);
    collector.add(Buffer.from('abcdefgh'));
    const first = collector.bytes();
    const before = first.toString();
    collector.add(Buffer.from('ij'));
    const after = { head: 'abcdef', tail: 'efghij', both: 'abchij' }[keep];
    expect(collector.bytes().toString()).toBe(after);
    expect(first.toString()).toBe(before);
    expect(collector.dropped).toBe(4);
  }
  const collector = new Collector(100, 'both');
  collector.add(Buffer.from('abc'));
  const first = collector.bytes();
  collector.add(Buffer.from('def'));
  expect([first.toString(), collector.bytes().toString()]).toEqual(['abc', 'abcdef']);
});
