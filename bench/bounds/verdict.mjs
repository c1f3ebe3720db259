export function atMost(title, value, bound) {
  return { title, found: `${value.toFixed(2)} MiB`, bound: `≤ ${bound} MiB`, ok: value <= bound };
}

export function same(title, before, after) {
  return { title, found: `${before} to ${after}`, bound: 'the same', ok: before === after };
}

export function table(verdicts) {
  const widths = ['title', 'found'].map((name) => Math.max(...verdicts.map((row) => row[name].length)));
  return verdicts
    .map(({ title, found, bound, ok }) =>
      [title.padEnd(widths[0]), found.padStart(widths[1]), bound.padEnd(10), ok ? 'pass' : 'FAIL'].join('  '),
    )
    .join('\n');
}
