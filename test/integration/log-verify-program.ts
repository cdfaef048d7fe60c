import { openLog } from '@nerveline/log';
import { dirname } from 'node:path';

/* Opens the environment of the service `writer` and says the code of the error, or `sound`. */
const environment = process.argv[2] ?? '';

openLog({
  data_directory: dirname(dirname(environment)),
  service: 'writer',
  catalogue: [{ name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } }],
})
  .then(
    () => process.send?.('sound'),
    (error: { code?: string; message: string }) => process.send?.(error.code ?? error.message),
  )
  .finally(() => process.disconnect());
