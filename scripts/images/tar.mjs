const BLOCK = 512;

/**
 * A tar archive (POSIX ustar) of files that all are root's, in the given order.
 *
 * An entry: path; mode; one of data (a file), link (a symbolic link's target), hardLink (the path of an earlier file);
 * none of them makes a directory.
 */
export function tar(entries) {
  const blocks = entries.flatMap(({ data, ...entry }) => [header(entry, data), ...(data ? [padded(data)] : [])]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header({ path, mode, link, hardLink }, data) {
  const block = Buffer.alloc(BLOCK);
  const type = data ? '0' : hardLink ? '1' : link ? '2' : '5';
  const name = type === '5' ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a tar archive`);
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(data?.length ?? 0, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write(link ?? hardLink ?? '', 157);
  block.write('ustar\x0000', 257, 'latin1');
  block.write('root', 265);
  block.write('root', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}

function octal(value, width) {
  return `${value.toString(8).padStart(width - 1, '0')}\0`.slice(0, width);
}

function padded(data) {
  return Buffer.concat([data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]);
}
