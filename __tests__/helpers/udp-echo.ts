const loadedAt = 0x400000;
const headerBytes = 64 + 56;

/** An x86-64 program for a guest without any tool for it: it sends back each datagram that comes to a port. */
export function udpEchoProgram(port: number): Buffer {
  const portBytes = port.toString(16).padStart(4, '0');
  const code = Buffer.from(
    [
      '4881ec00000100', // sub rsp, 65536
      'b829000000 bf02000000 be02000000 31d2 0f05', // socket(AF_INET, SOCK_DGRAM, 0)
      '4189c4', // r12d = the socket
      `48b8 0200 ${portBytes} 00000000 6a00 50`, // push a sockaddr_in of any address
      'b831000000 4489e7 4889e6 ba10000000 0f05', // bind(socket, rsp, 16)
      'c744241010000000', // again: the length of an address, for
      'b82d000000 4489e7 488d742418 ba60ea0000 4531d2 4989e0 4c8d4c2410 0f05', // recvfrom(socket, rsp + 24, 60000, 0, rsp, rsp + 16)
      '89c2 b82c000000 41b910000000 0f05', // sendto the same
      'ebc8', // jmp again
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );
  return Buffer.concat([elfHeaders(headerBytes + code.length), code]);
}

/** elf(5): one segment that holds the whole file, and begins behind the headers. */
function elfHeaders(bytes: number): Buffer {
  const headers = Buffer.alloc(headerBytes);
  headers.write('7f454c46020101', 'hex');
  headers.writeUInt16LE(2, 16); // an executable
  headers.writeUInt16LE(62, 18); // for x86-64
  headers.writeUInt32LE(1, 20);
  headers.writeBigUInt64LE(BigInt(loadedAt + headerBytes), 24);
  headers.writeBigUInt64LE(64n, 32); // where the program headers are
  headers.writeUInt16LE(64, 52);
  headers.writeUInt16LE(56, 54);
  headers.writeUInt16LE(1, 56);
  headers.writeUInt32LE(1, 64); // to be loaded
  headers.writeUInt32LE(5, 68); // read and execute
  headers.writeBigUInt64LE(BigInt(loadedAt), 80);
  headers.writeBigUInt64LE(BigInt(loadedAt), 88);
  headers.writeBigUInt64LE(BigInt(bytes), 96);
  headers.writeBigUInt64LE(BigInt(bytes), 104);
  headers.writeBigUInt64LE(0x1000n, 112);
  return headers;
}
