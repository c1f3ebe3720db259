import type { RuntimeEvent } from '../types';
import { readDenied } from './denied';

/** What a box's network tells, as the event that it is; null for what is none. */
export interface NetworkEvent {
  type: RuntimeEvent['type'];
  detail: object;
}

export function networkEvent({ type, denied, missed }: Record<string, unknown>): NetworkEvent | null {
  if (type === 'lost') return { type: 'network-lost', detail: {} };
  if (type !== 'denied') return null;
  return {
    type: 'egress-denied',
    detail: { denied: readDenied(denied), ...(typeof missed === 'number' ? { missed } : {}) },
  };
}
