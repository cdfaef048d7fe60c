import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `vite dev` finds a gateway; the built page is served by the gateway itself. */
const GATEWAY = 'http://127.0.0.1:3000';

export default defineConfig(({ command }) => {
  // Whoever builds from a test has NODE_ENV=test, which would ship React's development half: twice the size and the time.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  return {
    root: fromHere('.'),
    plugins: [react()],
    resolve: {
      alias: {
        '@nerveline/contracts': fromHere('../../libs/contracts/src'),
        '@nerveline/kernel': fromHere('../../libs/kernel/src'),
      },
    },
    build: {
      outDir: fromHere('../../dist/dashboard'),
      emptyOutDir: true,
      target: 'es2022',
      // The gateway's content policy has no data: URLs, so small fonts stay files.
      assetsInlineLimit: 0,
      // MapLibre alone is 1 MB before compression; it is a chunk of its own that only the Fleet page loads.
      chunkSizeWarningLimit: 1_200,
    },
    server: { proxy: { '/v1': GATEWAY, '/socket.io': { target: GATEWAY, ws: true } } },
  };
});
