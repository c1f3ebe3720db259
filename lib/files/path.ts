/**
 * A path of the guest is bytes. In JavaScript it is a string: UTF-8 decoded, with each byte that is not UTF-8 as the lone
 * surrogate U+DC00 + byte (Python's surrogateescape), so that every path that is handed out can be handed back.
 */
export function pathBytes(path: string): Buffer {
  const plain = Buffer.from(path);
  if (!escapes.test(path)) return plain;
  const parts = path.split(escapes).map((part) => (escapes.test(part) ? escapedByte(part) : Buffer.from(part)));
  return Buffer.concat(parts);
}

export function pathText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escapeInvalid(Buffer.from(bytes));
  }
}

/** An absolute path, as it crosses the wire: each character is one byte. */
export function wirePath(path: string, cwd: string): string {
  const whole = path.startsWith('/') ? path : `${cwd}/${path}`;
  return pathBytes(whole).toString('latin1');
}

/** The bytes of a path that came over the wire, or of one that is to be sent. */
export function wireBytes(wire: string): Buffer {
  return Buffer.from(wire, 'latin1');
}

/** Without doubled slashes, '.' and a slash at the end; '..' stays, since only the guest knows where it leads. */
export function tidyWirePath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

// Not global: a test() with a global expression goes on from where its last match ended.
const escapes = /([\uDC80-\uDCFF])/u;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function escapedByte(surrogate: string): Buffer {
  return Buffer.of(surrogate.charCodeAt(0) - 0xdc00);
}

/** The longest valid pieces as they are, every other byte escaped. */
function escapeInvalid(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceAt(bytes, at);
    text += length > 0 ? bytes.toString('utf8', at, at + length) : String.fromCharCode(0xdc00 + (bytes[at] as number));
    at += Math.max(length, 1);
  }
  return text;
}

/** The length of the valid UTF-8 sequence that begins there, or 0. */
function sequenceAt(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
