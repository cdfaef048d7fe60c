import { openLog, type Log } from '@nerveline/log';
import { createTempDirectory } from '@nerveline/testing';
import { describeLogContract } from './log-contract';

describeLogContract('embedded', async (catalogue) => {
  const directory = await createTempDirectory();
  const logs: Log[] = [];
  return {
    async open(service, options) {
      const address = `test://${service}`;
      const log = await openLog({ data_directory: directory.path, service, address, catalogue, ...options });
      logs.push(log);
      return log;
    },
    async [Symbol.asyncDispose]() {
      for (const log of logs) await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
});
