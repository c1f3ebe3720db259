/** Aborts at the first SIGINT or SIGTERM, so that what was started is ended in order. */
export function endSignal() {
  const end = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => end.abort(new Error(`ended by ${name}`)));
  return end.signal;
}
