import { type BoxFacts, decideRecovery, type RecoveryAction } from '../../ownership/decide';

/**
 * What is done about a box: decideRecovery, and above it the one thing that it does not know. A box whose program died
 * while it prepared it was never handed to anybody, so it is removed although it lives.
 */
export function decideBox(facts: BoxFacts, preparing: boolean): RecoveryAction {
  return preparing && !facts.ownerAlive ? 'finish-remove' : decideRecovery(facts);
}
