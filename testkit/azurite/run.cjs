// Runs one of Azurite's services, `blob` or `queue` (the first argument), until standard input ends, so that it never
// outlives the tests that started it, however they end.
process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
const [service] = process.argv.splice(2, 1);
require(`azurite/dist/src/${service}/main.js`);
