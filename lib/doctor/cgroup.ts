import { cgroupSupport } from '../ownership/cgroup';
import type { Check } from './doctor';

/** Cgroups are a second way to end a box whole, and its limits; everything works without them. */
export function cgroupCheck(): Check {
  const { base, controllers } = cgroupSupport();
  const fix = 'Run as root, or in a delegated cgroup v2 subtree: systemd-run --user --scope -p Delegate=yes';
  if (base === null) return { id: 'cgroup', status: 'warn', detail: 'no cgroup v2 that this user may write to', fix };
  if (controllers.length === 3) return { id: 'cgroup', status: 'ok', detail: `${base} with ${controllers.join(', ')}` };
  const detail = `${base} with ${controllers.join(', ') || 'no controllers'}: boxes are ended by it, but not limited`;
  return {
    id: 'cgroup',
    status: 'warn',
    detail,
    fix: 'Boot with the unified cgroup hierarchy (systemd.unified_cgroup_hierarchy=1).',
  };
}
