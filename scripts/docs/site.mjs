// A preprocessor of mdBook: on the site a link out of docs/ becomes text, because it leads into the repository.
//
// Usage: mdbook runs it (book.toml).

import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

function chapter(it) {
    const folder = dirname(join('docs', it.path));
    it.content = it.content.replace(/\[([^\]]*)\]\(([^()\s]+)\)/g, (link, text, target) => {
        const path = normalize(join(folder, target.split('#')[0]));
        if (/^[a-z]+:|^#/.test(target) || path.startsWith('docs/')) return link;
        return text.includes(path) ? `**${text}**` : `${text} (\`${path}\`)`;
    });
}

function walk(items) {
    for (const { Chapter } of items.filter((it) => it.Chapter)) {
        if (Chapter.path) chapter(Chapter);
        walk(Chapter.sub_items);
    }
}

if (process.argv[2] !== 'supports') {
    const [, book] = JSON.parse(readFileSync(0, 'utf8'));
    walk(book.items);
    process.stdout.write(JSON.stringify(book));
}
