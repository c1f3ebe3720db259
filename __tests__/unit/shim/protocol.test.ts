import {
  ControlJoiner,
  checkPreamble,
  encodeControl,
  encodeFrame,
  encodePreamble,
  type Frame,
  FrameReader,
  maxPayloadBytes,
} from '../../../lib/shim/protocol';

const nonce = '000102030405060708090a0b0c0d0e0f';

function read(...pieces: Buffer[]): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (const piece of pieces) {
    const view = Buffer.from(piece);
    reader.push(view);
    for (let frame = reader.next(); frame; frame = reader.next())
      frames.push({ ...frame, payload: Buffer.from(frame.payload) });
    // What comes next overwrites it.
    view.fill(0xff);
  }
  return frames;
}

describe('the frame reader', () => {
  const whole = Buffer.concat([
    encodeFrame('data', 7, Buffer.from('hello'), { channel: 1 }),
    encodeFrame('data', 7, Buffer.alloc(0), { channel: 2, end: true }),
    encodeFrame('pong', 0, Buffer.from('x')),
  ]);

  test('reads frames torn at every byte', () => {
    const frames = read(whole);
    expect(frames.map(({ kind, stream, channel, end }) => [kind, stream, channel, end])).toEqual([
      ['data', 7, 1, false],
      ['data', 7, 2, true],
      ['pong', 0, 0, false],
    ]);
    for (let at = 0; at <= whole.length; at++) expect(read(whole.subarray(0, at), whole.subarray(at))).toEqual(frames);
    expect(read(...[...whole].map((byte) => Buffer.from([byte])))).toEqual(frames);
  });

  test('reads frames of every size, in pieces of every size, byte for byte', () => {
    const sizes = [0, 1, 65_523, 65_524, 65_525, 131_060, 200_000, maxPayloadBytes, 3, maxPayloadBytes, 70_000];
    const payloads = sizes.map((size, n) => Buffer.alloc(size, n + 1));
    const stream = Buffer.concat(payloads.map((payload) => encodeFrame('data', 1, payload, { channel: 1 })));
    for (const piece of [1_000, 65_536, 100_000, 262_144, stream.length]) {
      const pieces = Array.from({ length: Math.ceil(stream.length / piece) }, (_, n) =>
        stream.subarray(n * piece, (n + 1) * piece),
      );
      expect(read(...pieces).map(({ payload }, n) => payload.equals(payloads[n] as Buffer))).toEqual(
        sizes.map(() => true),
      );
    }
  });

  test('takes the largest payload, and nothing larger', () => {
    expect(read(encodeFrame('data', 1, Buffer.alloc(maxPayloadBytes)))).toHaveLength(1);
    const header = encodeFrame('data', 1);
    header.writeUInt32LE(maxPayloadBytes + 1, 0);
    expect(() => read(header)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test.each<[string, (header: Buffer) => void]>([
    ['an unknown kind', (header) => header.writeUInt8(99, 4)],
    ['a kind that only a client sends', (header) => header.writeUInt8(16, 4)],
    ['a reserved flag', (header) => header.writeUInt8(0x80, 5)],
    ['a fourth channel', (header) => header.writeUInt8(0x30, 5)],
    ['a split data frame', (header) => header.writeUInt8(0x01, 5)],
    ['the reserved half word', (header) => header.writeUInt16LE(1, 6)],
    ['data on the connection', (header) => header.writeUInt32LE(0, 8)],
    ['a ping on a call', (header) => header.writeUInt8(25, 4)],
    ['an exit with a channel', (header) => header.set([22, 0x10], 4)],
  ])('refuses %s with protocol', (_, spoil) => {
    const header = encodeFrame('data', 1);
    spoil(header);
    expect(() => read(header)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});

describe('a control payload', () => {
  const large = { text: 'ä'.repeat(maxPayloadBytes) };

  test('is split over frames and joined again', () => {
    const frames = encodeControl('exit', 3, large).map((bytes) => read(bytes)[0] as Frame);
    expect(frames.map(({ more }) => more)).toEqual([true, true, false]);
    const joiner = new ControlJoiner();
    expect(frames.map((frame) => joiner.add(frame))).toEqual([undefined, undefined, large]);
  });

  test('over 4 MiB is refused with limit before anything is sent', () => {
    expect(() => encodeControl('open', 1, { text: 'x'.repeat(4 * 1024 * 1024) })).toThrow(
      expect.objectContaining({ code: 'limit' }),
    );
  });

  test('interleaved with another kind, or never ending, is malformed', () => {
    const [first] = encodeControl('exit', 3, large).map((bytes) => read(bytes)[0] as Frame);
    const [answer] = read(...encodeControl('answer', 3, { n: 1 }));
    const joiner = new ControlJoiner();
    joiner.add(first as Frame);
    expect(() => joiner.add(answer as Frame)).toThrow(expect.objectContaining({ code: 'protocol' }));
    const endless = new ControlJoiner();
    const flood = () => {
      for (let n = 0; n < 17; n++) endless.add(first as Frame);
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test.each(['[]', '1', 'null', '{', ''])('that is %p is malformed', (text) => {
    const [frame] = read(encodeFrame('exit', 1, Buffer.from(text)));
    expect(() => new ControlJoiner().add(frame as Frame)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});

describe('the preamble', () => {
  test('is what docs/protocol.md says', () => {
    expect(encodePreamble(nonce).toString('hex')).toBe(`424f584c4954450a01000000${nonce}`);
    expect(() => checkPreamble(encodePreamble(nonce), nonce)).not.toThrow();
  });

  test.each([
    [0, 'does not speak'],
    [8, 'version'],
    [12, 'another run'],
  ])('that differs at byte %d is refused by name', (at, text) => {
    const preamble = encodePreamble(nonce);
    preamble.writeUInt8(preamble.readUInt8(at) ^ 0xff, at);
    expect(() => checkPreamble(preamble, nonce)).toThrow(text);
  });
});
