const WIDTH = 24;
const MIB = 1024 * 1024;

/** A listener of progress that draws one line over and over on a terminal, and elsewhere writes a line for each new step. */
export function progressBar(stream, say) {
  let last = '';
  let isOpen = false;
  return {
    onProgress(progress) {
      const step = `${progress.phase} ${progress.text}`;
      if (stream.isTTY) {
        if (isOpen && step !== last) stream.write('\n');
        stream.write(`\r\x1b[K${line(progress, stream.columns ?? 80)}`);
        isOpen = true;
      } else if (step !== last) say(`  ${progress.phase}`, progress.text);
      last = step;
    },
    end() {
      if (isOpen) stream.write('\n');
      isOpen = false;
    },
  };
}

/** Phase, bar and bytes where there are any, and the text, within the terminal's width. */
export function line({ phase, doneBytes = 0, totalBytes = 0, text }, columns) {
  const head = `  ${phase}`.padEnd(17);
  const filled = Math.round((WIDTH * doneBytes) / Math.max(totalBytes, 1));
  const bar =
    totalBytes > 0
      ? `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${(doneBytes / MIB).toFixed(1)} of ${(totalBytes / MIB).toFixed(1)} MiB  `
      : '';
  return `${head}${bar}${text}`.slice(0, columns - 1);
}
