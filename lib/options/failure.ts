import { BoxliteError } from '../errors';
import { kindOf, literal, quoted } from './literal';
import { nearest } from './nearest';

/** The error of a value that is not what its option takes. */
export function expected(what: string, path: string, value: unknown, hint?: string): BoxliteError {
  return invalid(`Expected ${what} for ${path} but received ${literal(value)}`, hint ?? defaultHint(what, path, value));
}

/** The same for a value that may be a secret: it says the type alone. */
export function expectedSecret(what: string, path: string, value: unknown, hint?: string): BoxliteError {
  return invalid(`Expected ${what} for ${path} but received ${kindOf(value)}`, hint ?? defaultHint(what, path, value));
}

export function invalid(message: string, hint: string): BoxliteError {
  return new BoxliteError('invalid-argument', message, { hint });
}

export function unknownOption(name: string, owner: string, known: readonly string[]): BoxliteError {
  const meant = nearest(name, known);
  const hint =
    meant === undefined ? `The options of ${owner} are: ${known.join(', ')}.` : `Did you mean ${quoted(meant)}?`;
  return invalid(`Unknown option ${quoted(name)} for ${owner}`, hint);
}

function defaultHint(what: string, path: string, value: unknown): string {
  const another = value === null ? `, or leave ${path} out` : '';
  return `Pass ${what}${another}.`;
}
