import { BoxliteError } from '../errors';

/** The error of a part of the interface that this version does not have yet. */
export function unsupported(what: string): BoxliteError {
  return new BoxliteError('unsupported', `${what} is not supported by this version of @boxlite/sdk`, {
    hint: 'See CHANGELOG.md for what each version brings.',
  });
}

/** An object of that interface whose every method is refused, by name; it is no thenable. */
export function unsupportedObject<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get(_, key) {
      if (typeof key === 'symbol' || key === 'then') return undefined;
      return () => refusal(unsupported(`${name}.${key}`));
    },
  });
}

/** Rejects where it is awaited, and throws where it is iterated. */
function refusal(error: BoxliteError): Promise<never> & AsyncIterable<never> {
  const rejected = Promise.reject(error);
  rejected.catch(() => {});
  const iterate = () => {
    throw error;
  };
  return Object.assign(rejected, { [Symbol.asyncIterator]: iterate });
}
