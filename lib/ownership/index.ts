// The stable surface of @boxlite/sdk/ownership: who owns which process. Pure where it can be, read-only where it says so.
export { BoxliteError } from '../errors';
export { argvNamesBox, shimArgv } from './argv';
export { killCgroup } from './cgroup';
export { type BoxFacts, decideRecovery, type RecoveryAction } from './decide';
export { type ProcessIdentity, readIdentity } from './identity';
export { type PidFileState, readPidFile } from './pid-file';
export { findBoxProcesses } from './probe';
export { type ChildExit, type RegisteredChild, ShimReaper } from './reaper';
export { BoxSockets, type SocketName } from './sockets';
export { killBoxTree } from './tree';
