import { openLog, type Log } from '@nerveline/log';
import { createTempDirectory } from '@nerveline/testing';
import { describeGroupContract } from './log-group-contract';

describeGroupContract('embedded', async (catalogue) => {
  const directory = await createTempDirectory();
  const logs: Log[] = [];
  return {
    async open(service, options) {
      const address = `test://${service}`;
      const settings = { data_directory: directory.path, service, address, catalogue, shared: true };
      const log = await openLog({ ...settings, ...options });
      logs.push(log);
      return log;
    },
    async [Symbol.asyncDispose]() {
      for (const log of logs) await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
});
