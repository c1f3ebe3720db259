import addon from './steps/addon.mjs';
import agentDisk from './steps/agent-disk.mjs';
import cpp from './steps/cpp.mjs';
import cppTests from './steps/cpp-tests.mjs';
import diskTemplates from './steps/disk-templates.mjs';
import dist from './steps/dist.mjs';
import guestFrames from './steps/guest-frames.mjs';
import imageTool from './steps/image-tool.mjs';
import kernel from './steps/kernel.mjs';
import libkrun from './steps/libkrun.mjs';
import libkrunfw from './steps/libkrunfw.mjs';
import modules from './steps/modules.mjs';
import netd from './steps/netd.mjs';
import { packagesFor } from './steps/packages.mjs';

/**
 * The steps in the order in which they are begun when nothing they need is missing.
 *
 * A step: id, title, needs (ids), script (its own file), inputs (files and directories), facts (other things it was
 * made from), outputs, run(context), repair. isDone replaces the stamp; isAdopted finds the work done by
 * someone else; mayStop false lets it end when another one fails.
 */
export function stepsFor(purpose) {
  const steps = [
    packagesFor(purpose),
    libkrun,
    libkrunfw,
    modules,
    cpp,
    imageTool,
    netd,
    kernel,
    addon,
    agentDisk,
    diskTemplates,
    dist,
  ];
  return purpose === 'test' ? [...steps, guestFrames, cppTests] : steps;
}
