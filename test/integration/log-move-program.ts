import { moveToKafka, type LogTopic } from '@nerveline/log';

/* Moves a log, as `nerveline move` does; the test kills it at a step. */
const [data_directory = '', broker = '', prefix = '', catalogue = '[]'] = process.argv.slice(2);

moveToKafka({
  data_directory,
  kafka: { brokers: [broker], prefix },
  catalogue: JSON.parse(catalogue) as LogTopic[],
  max_record_bytes: () => 1_048_576,
  onStep: (step) => console.log(step),
}).then(
  () => console.log('moved'),
  (error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);
