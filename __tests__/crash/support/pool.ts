/** Works through a list in its order, some at a time, from the first question on; answers with each one's result. */
export function inPool<T, R>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<R>,
): (item: T) => Promise<R> {
  const results = new Map<T, Promise<R>>();
  const begin = () => {
    const started = new Map<T, (result: Promise<R>) => void>();
    for (const item of items) results.set(item, new Promise((resolve) => started.set(item, resolve)));
    const left = items.values();
    const worker = async () => {
      for (const item of left) {
        const result = work(item);
        started.get(item)?.(result);
        await result.catch(() => {});
      }
    };
    for (let lane = 0; lane < size; lane++) void worker();
  };
  return (item) => {
    if (results.size === 0) begin();
    return results.get(item) ?? Promise.reject(new Error('It is not in the list'));
  };
}
