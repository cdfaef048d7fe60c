/*
 * The service as a test starts it: its own main program, which tells its process id (under strace, the child's isn't
 * it) and ends with the test that started it.
 */
process.on('disconnect', () => process.exit(0));
process.send?.({ pid: process.pid });
void import('../../../apps/fraud-scoring/src/main');
