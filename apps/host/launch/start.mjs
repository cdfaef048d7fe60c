// `npm start`. This file is read by whatever Node there is, so it keeps to what an old one understands.
var version = process.versions.node.split('.').map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 19)) {
  console.error('NL-HST-001: Nerveline needs Node 20.19 or newer, and this is Node ' + process.versions.node + '.');
  process.exit(1);
}
import('./launch.mjs')
  .then(function (module) {
    return module.launch(process.argv.slice(2));
  })
  .then(
    function (code) {
      process.exit(code);
    },
    function (error) {
      console.error(error);
      process.exit(1);
    },
  );
