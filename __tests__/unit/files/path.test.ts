import { pathBytes, pathText, tidyWirePath, wirePath } from '../../../lib/files/path';

describe('a path of the guest', () => {
  test.each([
    ['plain text', '/a b/ü/\u{1F600}', Buffer.from('/a b/ü/\u{1F600}')],
    ['bytes that are not UTF-8', '/\uDCFF\uDC80x', Buffer.from([0x2f, 0xff, 0x80, 0x78])],
    ['half a character', 'a\uDCE2\uDC82', Buffer.from([0x61, 0xe2, 0x82])],
    ['an overlong slash', '\uDCC0\uDCAF', Buffer.from([0xc0, 0xaf])],
    ['a surrogate in UTF-8', '\uDCED\uDCA0\uDC80', Buffer.from([0xed, 0xa0, 0x80])],
    ['valid and invalid mixed', 'ü\uDCFFü', Buffer.from([0xc3, 0xbc, 0xff, 0xc3, 0xbc])],
    ['a byte order mark', '\uFEFFx', Buffer.from([0xef, 0xbb, 0xbf, 0x78])],
    ['a control character', '\u0080', Buffer.from([0xc2, 0x80])],
  ])('goes to bytes and back: %s', (_, text, bytes) => {
    expect(pathBytes(text)).toEqual(bytes);
    expect(pathText(bytes)).toBe(text);
  });

  test('comes back from every byte before another of each kind', () => {
    for (let first = 1; first < 256; first++) {
      for (const second of [0x2f, 0x41, 0x80, 0xa0, 0xbf, 0xc3, 0xed, 0xf4, 0xff]) {
        const bytes = Buffer.of(first, second);
        expect(pathBytes(pathText(bytes)).equals(bytes)).toBe(true);
      }
    }
  });

  test('crosses the wire with one character for each byte, made absolute by the cwd', () => {
    expect(wirePath('/ü', '/cwd')).toBe('/\u00c3\u00bc');
    expect(wirePath('x/\uDCFF', '/cwd')).toBe('/cwd/x/\u00ff');
  });

  test.each([
    ['/', '/'],
    ['//a/./b/', '/a/b'],
    ['/a/../b', '/a/../b'],
  ])('%s is tidied to %s', (path, tidy) => {
    expect(tidyWirePath(path)).toBe(tidy);
  });
});
