// Keeps one server for as long as stdin is open: `node keep.mjs COMMAND ...`. When the test run ends, however it ends,
// the pipe closes and the server is stopped, so that nothing outlives the run.
import { spawn } from 'node:child_process';

const [command, ...parameters] = process.argv.slice(2);
const server = spawn(command, parameters, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
const stop = () => server.kill('SIGTERM');

server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
server.on('exit', (code) => process.exit(code ?? 0));
process.stdin.on('end', stop).on('error', stop).resume();
process.once('SIGTERM', stop);
process.on('SIGINT', () => {});
