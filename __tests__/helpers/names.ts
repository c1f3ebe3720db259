import { createSocket } from 'node:dgram';

const headerBytes = 12;
const typeA = 1;

/**
 * A name server for tests, on loopback unless told otherwise: A records of the names given, which a test may change; NXDOMAIN for the others.
 * `asked` gets the names of all queries.
 */
export function nameServer(
  records: Record<string, string[]>,
  ttl = 60,
  { at = '127.0.0.1', port = 0, asked = [] as string[] } = {},
) {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(reply(query, records, ttl, asked), from.port, from.address));
  return {
    listening: new Promise<void>((resolve) => socket.bind(port, at, resolve)),
    get address(): string {
      return `${at}:${socket.address().port}`;
    },
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** RFC 1035, section 4. */
function reply(query: Buffer, records: Record<string, string[]>, ttl: number, asked: string[]): Buffer {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(headerBytes, at + 5);
  const name = labels.join('.').toLowerCase();
  asked.push(name);
  const addresses = records[name];
  const answers = query.readUInt16BE(at + 1) === typeA ? (addresses ?? []) : [];
  const header = Buffer.from(query.subarray(0, headerBytes));
  header.writeUInt16BE(addresses ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, question, ...answers.map((address) => record(address, ttl))]);
}

function record(address: string, ttl: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16BE(0xc00c, 0);
  bytes.writeUInt16BE(typeA, 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt32BE(ttl, 6);
  bytes.writeUInt16BE(4, 10);
  for (const [index, part] of address.split('.').entries()) bytes[12 + index] = Number(part);
  return bytes;
}
