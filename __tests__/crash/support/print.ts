import { type Cell, nameOf, type Part, type Point, parts } from './points';

export interface CellResult {
  cell: Cell;
  wrong: readonly string[];
  ms: number;
}

/** The matrix as text: what was killed where, how long it took, and why a cell is none. */
export function matrixText(
  points: readonly Point[],
  results: readonly CellResult[],
  why: (cell: Cell) => string | null,
) {
  const reasons: string[] = [];
  const cellText = (part: Part, point: Point) => {
    const result = results.find(({ cell }) => cell.part === part && nameOf(cell.point) === nameOf(point));
    if (result) return result.wrong.length === 0 ? 'held' : 'BROKE';
    const reason = why({ part, point });
    if (reason === null) return '.';
    if (!reasons.includes(reason)) reasons.push(reason);
    return `(${reasons.indexOf(reason) + 1})`;
  };
  const rows = points.map((point) => [nameOf(point), ...parts.map((part) => cellText(part, point))]);
  const table = [['SIGKILL at', ...parts], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length))) ?? [];
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const held = results.filter(({ wrong }) => wrong.length === 0).length;
  const cells = points.length * parts.length;
  const impossible = points.flatMap((point) => parts.map((part) => why({ part, point }))).filter(Boolean).length;
  return [
    ...lines,
    ...reasons.map((reason, index) => `(${index + 1}) ${reason}`),
    `${held} held, ${results.length - held} broke, ${cells - impossible - results.length} not run (.), ${impossible} cannot be`,
  ].join('\n');
}
