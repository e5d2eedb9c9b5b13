// What the checks of the documentation share: which files there are, and what a Markdown text holds.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/// The files of the repository, new ones included, as far as they are text.
export function files(...patterns) {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...patterns];
    const names = execFileSync('git', args, { encoding: 'utf8' }).split('\0');
    return names.filter((name) => name && existsSync(name));
}

export function read(file) {
    return readFileSync(file, 'utf8');
}

/// The lines of a Markdown text, each with its number and whether it is prose, and the fenced blocks.
export function parse(text) {
    const lines = [];
    const blocks = [];
    let open = null;
    for (const [index, line] of text.split('\n').entries()) {
        const fence = line.match(/^(\s*)(`{3,}|~{3,})\s*(\S*)/);
        if (open && fence && fence[2].startsWith(open.fence) && !fence[3]) {
            blocks.push(open);
            open = null;
        } else if (open) {
            open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
        } else if (fence) {
            open = { indent: fence[1], fence: fence[2], language: fence[3], line: index + 1, lines: [] };
        } else {
            lines.push({ number: index + 1, text: line });
        }
    }
    return { lines, blocks: blocks.map(({ language, line, lines }) => ({ language, line, text: lines.join('\n') + '\n' })) };
}

/// The anchors that GitHub gives to the headings of a Markdown text; mdBook gives the same.
export function anchors(text) {
    const seen = new Map();
    const found = new Set();
    for (const { text: line } of parse(text).lines) {
        const heading = line.match(/^#{1,6}\s+(.*?)\s*#*$/)?.[1];
        if (heading === undefined) continue;
        const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
        const slug = words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
        const times = seen.get(slug) ?? 0;
        seen.set(slug, times + 1);
        found.add(times ? `${slug}-${times}` : slug);
    }
    return found;
}

/// The targets of the links in a Markdown text, each with its line. What is in code is no link.
export function links(text) {
    const found = [];
    // A link may go over the end of a line.
    const prose = parse(text).lines;
    for (const [index, { number, text: line }] of prose.entries()) {
        const here = line.replace(/(`+).+?\1/g, '');
        const next = (prose[index + 1]?.text ?? '').replace(/(`+).+?\1/g, '');
        for (const [, target] of here.matchAll(/\]\(([^()\s]+(?:\([^()]*\))?)\)/g)) found.push({ number, target });
        for (const [, target] of here.matchAll(/^\[[^\]]+\]:\s+(\S+)/g)) found.push({ number, target });
        if (/\]$/.test(here) && next.startsWith('(')) found.push({ number, target: next.slice(1, next.indexOf(')')) });
    }
    return found;
}

/// Prints what is wrong, and ends the process with a status that says so.
export function report(what, problems) {
    for (const problem of problems) console.error(problem);
    if (problems.length) {
        console.error(`${what}: ${problems.length} to fix`);
        process.exit(1);
    }
    console.log(`${what}: ok`);
}
