// Reads what `cargo metadata` prints, and says which crates need a newer Rust than Cargo.toml promises (rust-version).
// Cargo itself looks only at the Rust that runs, which may be newer than what is promised.

import { readFileSync } from "node:fs";

const numbers = (version) => version.split(".").concat("0", "0").slice(0, 3).map(Number);

function isNewer(one, other) {
  const [a, b] = [numbers(one), numbers(other)];
  const at = [0, 1, 2].find((part) => a[part] !== b[part]);
  return at !== undefined && a[at] > b[at];
}

const { packages, workspace_members: members } = JSON.parse(readFileSync(0, "utf8"));
const ours = new Set(packages.filter(({ id }) => members.includes(id)).map((it) => it.rust_version));
const [promised] = ours;
if (ours.size !== 1 || !promised) {
  console.error(`the workspace's crates should have one rust-version, and have: ${[...ours].join(", ")}`);
  process.exit(1);
}
const needy = packages.filter((it) => it.rust_version && isNewer(it.rust_version, promised));
for (const { name, version, rust_version } of needy) console.error(`${name} ${version} needs Rust ${rust_version}`);
if (needy.length > 0) {
  console.error(`Cargo.toml promises rust-version ${promised}: raise it, or take older versions of these crates`);
  process.exit(1);
}
console.log(`rust-version ${promised} is enough for each of ${packages.length} crates`);
