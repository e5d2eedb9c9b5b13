// Prints the software bill of materials of a program as CycloneDX 1.6: each crate that is linked into it, with its licence, its
// checksum and what it depends on. The same Cargo.lock gives the same text, so there is neither a time nor a random number in it.
//
//   cargo metadata --locked --format-version 1 --filter-platform TARGET | node scripts/sbom.mjs PROGRAM
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

const [program] = process.argv.slice(2);
const { packages, resolve } = JSON.parse(await text(process.stdin));
const byId = new Map(packages.map((it) => [it.id, it]));
const nodes = new Map(resolve.nodes.map((it) => [it.id, it]));
const root = packages.find((it) => it.name === program && it.source === null);
if (!root) {
  console.error(`sbom: the workspace has no package ${program}`);
  process.exit(1);
}

// What only builds and tests need is in no program.
const linked = (id) => nodes.get(id).deps.filter((it) => it.dep_kinds.some(({ kind }) => kind === null)).map((it) => it.pkg);
const seen = new Set([root.id]);
for (const id of seen) linked(id).forEach((it) => seen.add(it));

const checksums = new Map();
for (const [, name, version, checksum] of readFileSync("Cargo.lock", "utf8")
  .matchAll(/name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "([0-9a-f]+)"/g)) {
  checksums.set(`${name} ${version}`, checksum);
}

// Two crates of the same name and version do not come from two places: deny.toml forbids others than the one registry.
const reference = (id) => `pkg:cargo/${byId.get(id).name}@${byId.get(id).version}`;

function component(id) {
  const { name, version, description, license, repository, source } = byId.get(id);
  const checksum = checksums.get(`${name} ${version}`);
  if (source !== null && !checksum) throw new Error(`Cargo.lock has no checksum of ${name} ${version}`);
  return {
    type: id === root.id ? "application" : "library",
    "bom-ref": reference(id),
    name,
    version,
    ...(description && { description: description.trim() }),
    ...(checksum && { hashes: [{ alg: "SHA-256", content: checksum }] }),
    // Cargo once had a slash where SPDX has OR.
    ...(license && { licenses: [{ expression: license.replaceAll(/\s*\/\s*/g, " OR ") }] }),
    purl: reference(id),
    ...(repository && { externalReferences: [{ type: "vcs", url: repository }] }),
  };
}

const ids = [...seen].sort((one, other) => (reference(one) < reference(other) ? -1 : 1));
console.log(JSON.stringify({
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: component(root.id) },
  components: ids.filter((it) => it !== root.id).map(component),
  dependencies: ids.map((it) => ({ ref: reference(it), dependsOn: [...new Set(linked(it).map(reference))].sort() })),
}, null, 2));
