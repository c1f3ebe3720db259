export { type CheckedAttach, checkAttach, checkProcessId } from './attach';
export { type BoxSettings, type CheckedBoxOptions, checkBoxOptions, checkGetOrCreate } from './box';
export { checkCall, checkCreateCall } from './call';
export { checkCommand, checkCommandSize } from './command';
export { defaults } from './defaults';
export {
  type CheckedEventFilter,
  type CheckedPrune,
  checkEventFilter,
  checkPrune,
} from './events';
export { type CheckedCommand, type CheckedExec, type CheckedSpawn, checkExec, checkSpawn } from './exec';
export type { ImageSource } from './image-source';
export {
  type CheckedPull,
  checkImageRemove,
  checkLoad,
  checkPull,
  type ImageName,
  imageName,
} from './images';
export {
  type CheckedClose,
  type CheckedRemove,
  type CheckedStop,
  checkClose,
  checkListFilter,
  checkRemove,
  checkStop,
  type ListFilter,
} from './lifecycle';
export { type CheckedLogs, checkLogs } from './logs';
export {
  type CheckedNetwork,
  type CheckedPolicy,
  checkSetNetwork,
  checkVerdict,
  type NetworkSettings,
  noNetwork,
  type OnDeny,
} from './network';
export { type CheckedPortWait, checkPortWait } from './port';
export { type CheckedPort, checkForward } from './ports';
export { checkKillSignal, checkMatch, checkStream } from './process';
export { type CheckedRef, checkRef } from './ref';
export { type ImageReference, parseReference } from './reference';
export { type CheckedRestriction, checkRestriction } from './restricted';
export { type CheckedRuntimeOptions, checkRuntimeOptions } from './runtime';
export { signalName, signalNumber } from './signals';
export { checkTerminalSize, type TerminalSize } from './terminal';
