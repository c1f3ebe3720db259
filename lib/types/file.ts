import type { Bytes, Call } from './call';

/** Paths are absolute or relative to the box's cwd. A missing file rejects with 'file-not-found'; stat and remove say null and false. */
export interface BoxFs {
  readFile(path: string, o?: Call & { start?: number; end?: number }): Promise<Uint8Array>;
  readText(path: string, o?: Call): Promise<string>;
  open(path: string, o?: Call): Promise<ReadableStream<Uint8Array>>;
  /** A regular file is replaced atomically; parent directories are made. */
  writeFile(path: string, data: Bytes, o?: Call & { mode?: number; user?: string; append?: boolean }): Promise<void>;
  writeFiles(files: Record<string, Bytes>, o?: Call): Promise<void>;
  list(path: string, o?: Call & { depth?: number }): AsyncIterable<DirEntry>;
  /** Follows links unless told not to. */
  stat(path: string, o?: Call & { follow?: boolean }): Promise<FileStat | null>;
  /** With its parents; an existing directory is fine. */
  mkdir(path: string, o?: Call & { mode?: number }): Promise<void>;
  rename(from: string, to: string, o?: Call): Promise<void>;
  remove(path: string, o?: Call & { recursive?: boolean }): Promise<boolean>;
  /** Resolves when the watch is armed. */
  watch(path: string, o?: Call & { recursive?: boolean }): Promise<Watch>;
}

export interface Watch
  extends AsyncIterable<{ type: 'create' | 'write' | 'remove' | 'rename' | 'overflow'; path: string; from?: string }>,
    AsyncDisposable {}

export interface DirEntry {
  name: string;
  path: string;
  type: 'file' | 'dir' | 'symlink' | 'other';
}

export interface FileStat {
  type: DirEntry['type'];
  size: number;
  mode: number;
  mtime: Date;
  uid: number;
  gid: number;
}
