import type { Boxes } from '../boxes/open-boxes';
import type { DoctorReport, EngineName } from '../types';
import { boxesCheck } from './boxes';
import { cgroupCheck } from './cgroup';
import { engineChecks } from './engines';
import { homeCheck, socketsCheck, spaceCheck } from './home';
import { confinementCheck, imagesCheck } from './images';
import { networksCheck } from './networks';

export type Check = DoctorReport['checks'][number];

/** Looks at everything that a box needs, and changes nothing but the home's own database. */
export async function doctor(boxes: Boxes): Promise<DoctorReport> {
  const home = await homeCheck(boxes);
  const engines = await engineChecks(home.home?.store ?? null, boxes.settings.engine);
  const rest = await Promise.all([
    cgroupCheck(),
    spaceCheck(boxes.settings.home),
    socketsCheck(),
    boxesCheck(home.home),
    networksCheck(home.home),
    imagesCheck(boxes.settings.home),
    confinementCheck(),
  ]);
  const checks = [...engines.checks, ...rest, home.check];
  return {
    ok: engines.engine !== null && checks.every(({ status }) => status !== 'fail'),
    engine: engines.engine,
    checks,
  };
}

export interface EngineFindings {
  engine: EngineName | null;
  checks: Check[];
}
