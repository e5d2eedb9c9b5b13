// Checks the links of the documentation: each relative link leads to a file and each anchor to a heading, each
// page of docs/ is in docs/SUMMARY.md, and each page that a comment or a message names is there.
//
// Usage: node scripts/docs/links.mjs

import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { anchors, files, links, read, report } from './markdown.mjs';

const problems = [];
const pages = files('*.md');
const known = new Map();

function headings(file) {
    if (!known.has(file)) known.set(file, anchors(read(file)));
    return known.get(file);
}

function check(from, number, path, anchor) {
    if (!existsSync(path)) {
        problems.push(`${from}:${number}: there is no ${path}`);
    } else if (anchor && statSync(path).isFile() && path.endsWith('.md') && !headings(path).has(anchor)) {
        problems.push(`${from}:${number}: ${path} has no heading #${anchor}`);
    }
}

for (const page of pages) {
    for (const { number, target } of links(read(page))) {
        if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
        const [path, anchor] = target.split('#', 2);
        check(page, number, path ? normalize(join(dirname(page), decodeURI(path))) : page, anchor);
    }
}

const listed = new Set(links(read('docs/SUMMARY.md')).map(({ target }) => join('docs', target)));
for (const page of pages) {
    if (page.startsWith('docs/') && page !== 'docs/SUMMARY.md' && !listed.has(page)) {
        problems.push(`docs/SUMMARY.md: ${page} is not in it`);
    }
}

// Pages that comments, messages and alerts name by their path.
for (const file of files(':!*.md', ':!*.lock', ':!*.csv', ':!scripts/docs/*')) {
    for (const [index, line] of read(file).split('\n').entries()) {
        for (const [, path, anchor] of line.matchAll(/(?<![\w/.-])(docs\/[\w/-]+\.md)(?:#([\w-]+))?/g)) {
            check(file, index + 1, path, anchor);
        }
    }
}

report(`links of ${pages.length} pages`, problems);
