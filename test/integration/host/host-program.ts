// The host over services of a test, as a process that the test can kill.
import { runHost } from '../../../apps/host/src/run-host';
import type { HostSettings } from '../../../apps/host/src/host.config';
import type { Service } from '../../../apps/host/src/topology';

interface Task {
  readonly settings: HostSettings;
  readonly services: readonly Service[];
}

const { settings, services }: Task = JSON.parse(process.argv[2] ?? '') as Task;
const broken_off = new AbortController();
process.once('SIGTERM', () => broken_off.abort());

runHost({ ...settings, environment: process.env }, services, broken_off.signal).then(
  (host) => {
    process.send?.({ up: true });
    process.on('message', ({ stop, status }: { stop?: true; status?: true }) => {
      if (status) process.send?.({ status: host.status() });
      if (stop) void host.stop().then(() => process.exit(0));
    });
  },
  (error: unknown) => {
    process.send?.({ failed: String(error) });
    process.exitCode = 1;
    process.disconnect();
  },
);
