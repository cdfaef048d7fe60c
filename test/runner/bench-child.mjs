// Runs one bench in a process of its own, whose stdout is not the reader's: the result travels as a message.
import { pathToFileURL } from 'node:url';

const [file, ...parameters] = process.argv.slice(2);
try {
  const module = await import(pathToFileURL(file).href);
  // A compiled TypeScript file is CommonJS, whose exports may stand one level deeper.
  const run = module.run ?? module.default?.run;
  if (typeof run !== 'function') throw new Error(`${file} exports no function run()`);
  const result = await run(parameters);
  await new Promise((resolve) => process.send({ result }, resolve));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
