// The first thing both commands run, before anything is installed: one clear line on a Node that is too old.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `videosafety needs Node >= 20.19, found ${process.versions.node}: install a newer Node (https://nodejs.org) and run the command again`,
  );
  process.exit(1);
}
