// The shapes of the public interface. What they cannot say is in docs/semantics.md.
export type * from './types/box';
export type * from './types/call';
export type * from './types/codes';
export type * from './types/command';
export type * from './types/file';
export type * from './types/image';
export type * from './types/network';
export type * from './types/observe';
