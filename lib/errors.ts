import type { ErrorCode, ExecResult } from './types';

// Shared by the ESM and CJS copies and by every realm: two copies of this class recognise each other's errors.
const brand = Symbol.for('@boxlite/sdk/error');

export interface ErrorDetails {
  hint?: string | undefined;
  retryable?: boolean | undefined;
  box?: string | undefined;
  consoleTail?: string | undefined;
  partial?: ExecResult | undefined;
  cause?: unknown;
}

/** Every failure of this library. Compare `code`, never the text or the class. */
export class BoxliteError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, one sentence. */
  readonly hint?: string;
  /** The same call may succeed when made again. */
  readonly retryable: boolean;
  /** Id of the box that it happened to. */
  readonly box?: string;
  /** Last lines of the guest console, when the box failed to boot or died. */
  readonly consoleTail?: string;
  /** What a cut-off command had produced. */
  readonly partial?: ExecResult;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BoxliteError';
    this.code = code;
    this.retryable = details.retryable ?? false;
    if (details.hint !== undefined) this.hint = details.hint;
    if (details.box !== undefined) this.box = details.box;
    if (details.consoleTail !== undefined) this.consoleTail = details.consoleTail;
    if (details.partial !== undefined) this.partial = details.partial;
    Object.defineProperty(this, brand, { value: true });
  }

  toJSON(): object {
    const { name, code, message, hint, retryable, box, consoleTail } = this;
    return { name, code, message, hint, retryable, box, consoleTail };
  }

  /** True for an error of this library, from whichever copy of it, and of that code where one is given. */
  static is<C extends ErrorCode>(error: unknown, code?: C): error is BoxliteError & { code: C } {
    if (typeof error !== 'object' || error === null || !(brand in error)) return false;
    return code === undefined || (error as { code?: unknown }).code === code;
  }
}
