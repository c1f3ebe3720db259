// The longest timer there is, about 24 days; it never fires in practice, and firing does nothing.
const longestMs = 2 ** 31 - 1;

/** Keeps Node's event loop alive until the promise settles, which an unref'd watcher behind it would not. */
export async function holdLoop<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, longestMs);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}
