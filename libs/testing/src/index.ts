export { eventually } from './eventually';
export { describeWith, describeWithData, type Need } from './needs';
export { createDatabase, startPostgres, stopOwnPostgres, type TestDatabase, type TestPostgres } from './postgres';
export { startProgram, type TestProgram } from './program';
export { createTempDirectory, type TempDirectory } from './temp-directory';
export { createTestKeys, type TestKeys } from './tokens';
export { VirtualClock } from './virtual-clock';
