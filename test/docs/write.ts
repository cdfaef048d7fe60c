import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generatedPages } from './pages';

for (const [name, page] of Object.entries(generatedPages)) writeFileSync(resolve('docs', name), page());
