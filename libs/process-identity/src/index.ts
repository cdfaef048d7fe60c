export { identify, isAlive, isStopped, ownIdentity, type ProcessIdentity } from './process-identity';
