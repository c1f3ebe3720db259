import { watch } from 'node:fs';
import type { CheckedLogs } from '../options';
import { boxOwnerEnd } from '../ownership/watch';
import type { BoxRow } from '../store/schema';
import type { LogRecord } from '../types';
import { Deadline } from '../util/deadline';
import { boxPaths } from './directory';
import type { Home } from './home';
import { LogFile, type LogLine } from './log-file';
import { isLive } from './state';

const pollMs = 1_000;

type Parse = (line: LogLine) => Omit<LogRecord, 'box'>;

/** What the box's programs and its console said; with `follow` also what they go on to say, until the box ends. */
export async function* boxLogs(
  place: () => Promise<{ home: Home; row: BoxRow }>,
  { follow, sources, ...call }: CheckedLogs,
): AsyncGenerator<LogRecord> {
  using deadline = Deadline.of(call, 'logs');
  deadline.throwIfOver();
  const { home, row } = await deadline.race(place());
  const { id } = row;
  const paths = boxPaths(home.path, id);
  const logs = [
    { file: new LogFile(paths.shimLog), parse: parseShimLine },
    { file: new LogFile(paths.consoleLog), parse: parseConsoleLine },
  ];
  const news = follow ? new News(paths.directory, id) : undefined;
  try {
    for (;;) {
      const next = news?.next();
      // Asked before the last read, so that nothing of an ended box is missed.
      const goesOn = follow && (await isLive(home.path, id));
      const records = await Promise.all(logs.map(({ file, parse }) => readRecords(file, parse, !goesOn)));
      for (const record of records.flat().sort((a, b) => a.at.getTime() - b.at.getTime())) {
        deadline.throwIfOver();
        if (sources.includes(record.source)) yield { ...record, box: id };
      }
      if (!goesOn) return;
      await deadline.race(next ?? Promise.resolve());
    }
  } finally {
    news?.close();
    for (const { file } of logs) await file.close();
  }
}

async function readRecords(file: LogFile, parse: Parse, isLast: boolean): Promise<Omit<LogRecord, 'box'>[]> {
  const lines = await file.read();
  return (isLast ? [...lines, ...file.rest()] : lines).map(parse);
}

/** `2026-01-31T12:00:00.000Z shim: text`; a line without that is what a VMM printed itself. */
export function parseShimLine({ text, at }: LogLine): Omit<LogRecord, 'box'> {
  const [, stamp, program, said] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (shim|vmm|netd): (.*)$/s.exec(text) ?? [];
  if (stamp === undefined || said === undefined) return { at, source: 'vmm', level: 'info', text };
  return { at: new Date(stamp), source: program as 'shim' | 'vmm' | 'netd', level: 'info', text: said };
}

/** The agent speaks on the console too, and only when something is wrong. */
export function parseConsoleLine({ text, at }: LogLine): Omit<LogRecord, 'box'> {
  const prefix = 'boxlite-agent: ';
  if (text.startsWith(prefix)) return { at, source: 'agent', level: 'warn', text: text.slice(prefix.length) };
  return { at, source: 'console', level: 'info', text };
}

/** Tells that the box's files changed, or that it ended. */
class News {
  readonly #watcher;
  readonly #timer;
  #tell: () => void = () => {};

  constructor(directory: string, id: string) {
    this.#watcher = watch(directory, () => this.#tell());
    // A directory that goes away ends with the box.
    this.#watcher.on('error', () => this.#tell());
    void boxOwnerEnd(id).then(() => this.#tell());
    // The end of a shim that no /proc shows here is seen by its lock alone.
    this.#timer = setInterval(() => this.#tell(), pollMs);
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  close(): void {
    this.#watcher.close();
    clearInterval(this.#timer);
  }
}
