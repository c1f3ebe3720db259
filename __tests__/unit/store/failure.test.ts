import { BoxliteError } from '../../../lib/errors';
import { isBusy, storeFailure } from '../../../lib/store/failure';
import { tempDirectory } from './stage';

const failed = (code: string) => Object.assign(new Error('what happened\n    at more'), { code });

test.each([
  ['SQLITE_BUSY', 'store', true],
  ['SQLITE_BUSY_RECOVERY', 'store', true],
  ['SQLITE_LOCKED_SHAREDCACHE', 'store', true],
  ['SQLITE_FULL', 'no-space', false],
  ['SQLITE_READONLY_DBMOVED', 'permission', false],
  ['SQLITE_NOTADB', 'store', false],
  ['SQLITE_CORRUPT_INDEX', 'store', false],
  ['SQLITE_CANTOPEN', 'store', false],
  ['SQLITE_IOERR_WRITE', 'store', false],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'store', false],
  ['EACCES', 'permission', false],
  ['EROFS', 'permission', false],
  ['ENOSPC', 'no-space', false],
  ['EDQUOT', 'no-space', false],
  ['EMFILE', 'limit', false],
  ['ENOTDIR', 'not-a-directory', false],
  ['EIO', 'store', false],
])('%s is %s', (code, expected, retryable) => {
  const file = `${tempDirectory()}/boxlite.db`;
  const failure = storeFailure('Opening', file, failed(code));
  expect(failure).toMatchObject({ code: expected, retryable, cause: { code } });
  expect(failure.message).toMatch(new RegExp(`^Opening ${file} failed: .* \\(what happened\\)$`));
  expect(failure.hint).toBeTruthy();
  expect(isBusy(failed(code))).toBe(retryable);
});

test('a failure of this library stays what it is', () => {
  const failure = new BoxliteError('home-version', 'x');
  expect(storeFailure('Opening', '/x', failure)).toBe(failure);
  expect(storeFailure('Opening', '/x/y', 'just text')).toMatchObject({ code: 'store' });
});
