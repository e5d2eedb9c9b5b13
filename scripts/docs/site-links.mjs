// Checks the links of the built site: each leads to a file of it, and each anchor to an id.
//
// Usage: node scripts/docs/site-links.mjs DIRECTORY

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { report } from './markdown.mjs';

const root = process.argv[2];
const pages = readdirSync(root, { recursive: true }).filter((name) => name.endsWith('.html'));
const text = new Map(pages.map((page) => [page, readFileSync(join(root, page), 'utf8')]));
const problems = [];

for (const [page, html] of text) {
    // What mdBook shows for an unknown address has links from the root of the server.
    if (page === '404.html') continue;
    for (const [, target] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
        if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
        const [path, anchor] = target.split('#', 2);
        const file = path ? normalize(join(dirname(page), decodeURI(path))) : page;
        if (!existsSync(join(root, file))) {
            problems.push(`${page}: there is no ${file}`);
        } else if (anchor && text.has(file) && !text.get(file).includes(`id="${decodeURI(anchor)}"`)) {
            problems.push(`${page}: ${file} has nothing of the id ${anchor}`);
        }
    }
}

report(`links of the site's ${pages.length} pages`, problems);
