import type { Call, LogRecord } from '../types';
import { callChecks } from './call';
import { expected } from './failure';
import { checkFields, withDefault } from './fields';
import { boolean, choice } from './values';

type Source = LogRecord['source'];
export interface CheckedLogs extends Call {
  follow: boolean;
  sources: readonly Source[];
}

const every = ['console', 'agent', 'shim', 'vmm', 'netd', 'sdk'] as const satisfies readonly Source[];
const source = choice<Source>(...every);

const checks = { ...callChecks, follow: withDefault(boolean, false), sources: withDefault(sources, every) };

export function checkLogs(options: unknown): CheckedLogs {
  return checkFields(options, 'logs', checks);
}

function sources(value: unknown, path: string): readonly Source[] {
  if (!Array.isArray(value)) throw expected('an array of sources', path, value);
  return value.map((one: unknown, index) => source(one, `${path}[${index}]`));
}
