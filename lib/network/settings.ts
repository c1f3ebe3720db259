import type { BoxSettings } from '../options';
import { noNetwork } from '../options';
import type { NetdSettings } from '../shim/settings';

/** What a box's network process is told, or null for a box that needs none: with published ports it needs one in any case. */
export function netdSettings(options: BoxSettings): NetdSettings | null {
  // A row of an older version has neither.
  const { network = noNetwork, ports = [] } = options;
  if (network.policy.mode === 'none' && ports.length === 0) return null;
  return { policy: network.policy, dns: network.dns, ports };
}
