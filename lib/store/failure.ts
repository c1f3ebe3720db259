import { accessSync, closeSync, constants, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { BoxliteError } from '../errors';
import type { ErrorCode } from '../types';

interface Finding {
  code: ErrorCode;
  found: string;
  hint: string;
  retryable?: boolean;
}

const noFiles: Finding = {
  code: 'limit',
  found: 'no more files can be opened',
  hint: 'Raise the limit of open files (ulimit -n, fs.file-max).',
};
const noSpace: Finding = {
  code: 'no-space',
  found: 'the disk is full',
  hint: 'Free space, or choose a home on another disk.',
};
const noAccess: Finding = {
  code: 'permission',
  found: 'this user may not write to it',
  hint: 'Choose a home that this user may write to: new Runtime({ home }) or BOXLITE_HOME.',
};
const readOnly: Finding = {
  code: 'permission',
  found: 'its file system is read-only',
  hint: 'Choose a home on a file system that is mounted read-write.',
};
const noDirectory: Finding = {
  code: 'not-a-directory',
  found: 'the home is not a directory',
  hint: 'Choose a home that is a directory.',
};
const busy: Finding = {
  code: 'store',
  found: 'another process holds it',
  hint: 'Try again; if it lasts, end the program that has this file open.',
  retryable: true,
};
const damaged: Finding = {
  code: 'store',
  found: 'it is damaged, or no database',
  hint: 'Move the file away, with those beside it named -wal and -shm, or put a backup in its place.',
};
const noLog: Finding = {
  code: 'store',
  found: 'its file system cannot share a write-ahead log',
  hint: 'Choose a home on a local file system such as ext4, xfs or btrfs.',
};

const byErrno: Record<string, Finding> = {
  EACCES: noAccess,
  EPERM: noAccess,
  EROFS: readOnly,
  ENOTDIR: noDirectory,
  EEXIST: noDirectory,
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  EMFILE: noFiles,
  ENFILE: noFiles,
};

// By primary result code: an extended one is SQLITE_<primary>_<detail>.
const bySqlite: Record<string, Finding> = {
  BUSY: busy,
  LOCKED: busy,
  FULL: noSpace,
  READONLY: noAccess,
  PERM: noAccess,
  AUTH: noAccess,
  NOTADB: damaged,
  CORRUPT: damaged,
};

/** What any failure of the database or its file is told as: what was tried, on which file, what was found. */
export function storeFailure(attempt: string, file: string, error: unknown): BoxliteError {
  if (BoxliteError.is(error)) return error;
  const { code, found, hint, retryable } = findingOf(error, file);
  return new BoxliteError(code, `${attempt} ${file} failed: ${found} (${textOf(error)})`, {
    hint,
    retryable,
    cause: error,
  });
}

export function isBusy(error: unknown): boolean {
  return ['BUSY', 'LOCKED'].includes(sqliteCode(error) ?? '');
}

export function noWriteAheadLog(file: string, mode: unknown): BoxliteError {
  return new BoxliteError(noLog.code, `Opening ${file} failed: ${noLog.found} (journal mode ${mode})`, {
    hint: noLog.hint,
  });
}

export function newerHome(home: string, version: number, known: number): BoxliteError {
  return new BoxliteError(
    'home-version',
    `The home ${home} has schema ${version}, and this library knows schemas up to ${known}`,
    {
      hint: 'Use the newer @boxlite/sdk that wrote it, or another home.',
    },
  );
}

export function driverFailure(error: unknown): BoxliteError {
  const { code, hint } = filesLeft() ?? {
    code: 'store' as const,
    hint: 'Install the dependencies again with this Node version: npm rebuild better-sqlite3',
  };
  return new BoxliteError(code, `Loading better-sqlite3 failed: ${textOf(error)}`, { hint, cause: error });
}

export function nameTaken(name: string, holder: string | undefined): BoxliteError {
  return new BoxliteError('box-exists', `A box named '${name}' exists already`, {
    hint: `Choose another name, or get the box with getBox('${name}').`,
    box: holder,
  });
}

function findingOf(error: unknown, file: string): Finding {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const known = byErrno[code] ?? bySqlite[sqliteCode(error) ?? ''];
  if (known) return known;
  return surroundings(file) ?? { code: 'store', found: 'it did not work', hint: 'runtime.doctor() checks the home.' };
}

// SQLite says "unable to open" or "disk I/O error" for many causes: the system is asked for the true one.
function surroundings(file: string): Finding | undefined {
  const directory = dirname(file);
  return (
    filesLeft() ??
    complaintOf(() => accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)) ??
    complaintOf(() => accessSync(file, constants.R_OK | constants.W_OK)) ??
    spaceLeft(directory)
  );
}

function filesLeft(): Finding | undefined {
  return complaintOf(() => closeSync(openSync('/dev/null', 'r')));
}

function spaceLeft(directory: string): Finding | undefined {
  try {
    return statfsSync(directory).bavail === 0 ? noSpace : undefined;
  } catch {
    return undefined;
  }
}

function complaintOf(call: () => void): Finding | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return byErrno[String((error as NodeJS.ErrnoException).code)];
  }
}

function sqliteCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
}

function textOf(error: unknown): string {
  return String((error as Error | null)?.message ?? error).split('\n', 1)[0] as string;
}
