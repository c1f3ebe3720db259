export { Box, type RestrictedBox } from './box';
export { BoxliteError } from './errors';
export { Runtime } from './runtime';
export type * from './types';
