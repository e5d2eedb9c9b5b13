// Reads each block of a shell script and of JSON in the documentation as bash and JSON would, and looks whether the
// targets of make and the files that a script names are there. A test in Rust reads the blocks of YAML and the
// product's own commands (tests/binary/documentation.rs).
//
// Usage: node scripts/docs/snippets.mjs

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { files, parse, read, report } from './markdown.mjs';

const targets = new Set([...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, target]) => target));

/// What a script names that is not there.
function missing(text) {
    const made = [...text.matchAll(/\bmake((?: --?[a-z-]+)*)((?: [a-z][a-z0-9-]*)+)/g)].flatMap(([, , names]) => names.trim().split(' '));
    const named = [...text.matchAll(/(?<![\w./:-])((?:scripts|examples|manifests|sensors|testkit|docs)\/[\w./-]*[\w-])(?![*\w])/g)];
    return [
        ...made.filter((target) => !targets.has(target)).map((target) => `the Makefile has no target ${target}`),
        ...named.filter(([, path]) => !existsSync(path)).map(([, path]) => `there is no ${path}`),
    ];
}

const readers = {
    sh(text) {
        const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
        if (status !== 0) return stderr.trim();
        return missing(text).join('; ') || null;
    },
    json(text) {
        try {
            JSON.parse(text);
            return null;
        } catch (error) {
            return error.message;
        }
    },
};
// What is shown and not typed, and what others read.
const others = ['', 'text', 'yaml', 'mermaid', 'dockerfile', 'python', 'rust'];

const problems = [];
let count = 0;
for (const page of files('*.md')) {
    for (const { language, line, text } of parse(read(page)).blocks) {
        const reader = readers[language];
        if (!reader && !others.includes(language)) {
            problems.push(`${page}:${line}: nobody reads blocks of the language ${language}`);
        }
        const problem = reader?.(text);
        count += reader ? 1 : 0;
        if (problem) problems.push(`${page}:${line}: ${problem}`);
    }
}

report(`${count} scripts and JSON texts of the documentation`, problems);
