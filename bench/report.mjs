const WIDTHS = [44, 12, 12, 8, 10, 0];

/** The results as a table, and whether every bound that could be measured is kept. */
export function report({ engine, results }) {
  const judged = results.map((result) => ({ ...result, verdict: verdict(result) }));
  const lines = [
    row(['', 'measured', 'floor', 'ratio', 'bound', '']),
    ...judged.map((result) => row(cells(result))),
    ...steps(results),
    ...notRun(engine, judged),
  ];
  return { ok: judged.every(({ verdict }) => verdict !== 'FAIL'), text: lines.join('\n') };
}

function verdict({ value, floor, bound, atLeast, isRatio }) {
  if (isRatio && floor === undefined) return 'not run';
  const measured = isRatio ? value / floor : value;
  return atLeast === undefined ? passes(measured <= bound) : passes(measured >= atLeast);
}

function passes(isKept) {
  return isKept ? 'pass' : 'FAIL';
}

function cells({ title, unit, value, floor, bound, atLeast, isRatio, verdict }) {
  const limit = atLeast === undefined ? `≤ ${Number(bound.toFixed(2))}` : `≥ ${atLeast}`;
  return [
    title,
    amount(value, unit),
    amount(floor, unit),
    floor === undefined ? '' : (value / floor).toFixed(2),
    isRatio ? limit : `${limit} ${unit}`,
    verdict,
  ];
}

function amount(value, unit) {
  return value === undefined ? '' : `${value.toFixed(value < 100 ? 2 : 0)} ${unit}`;
}

function row(cells) {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0]) : ` ${cell.padStart(WIDTHS[index])}`))
    .join('')
    .trimEnd();
}

function steps(results) {
  const { steps } = results.find(({ id }) => id === 'boot') ?? {};
  if (!steps) return [];
  return [
    `of createBox: ${Object.entries(steps)
      .map(([name, ms]) => `${name.replace(/Ms$/, '')} ${ms.toFixed(1)} ms`)
      .join(', ')}`,
  ];
}

function notRun(engine, judged) {
  const titles = judged.filter(({ verdict }) => verdict === 'not run').map(({ title }) => title);
  if (titles.length === 0) return [];
  return [
    `not run with the ${engine} engine, since their other side needs KVM: ${titles.join('; ')}`,
    'run them in the lab: npm run bench -- --lab',
  ];
}
