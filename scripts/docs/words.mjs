// Finds phrases that a reader with English as a third language stumbles over. They were here once, and must not
// come back: in the documentation, the manifests, the scripts, messages and comments.
//
// Usage: node scripts/docs/words.mjs

import { files, read, report } from './markdown.mjs';

/// Each phrase, and what says it plainly.
const phrases = [
    [/\bsays? not\b/, 'does not say'],
    [/\b(looks|looking|look) on as\b/, 'is a read-only view of'],
    [/\bhas been or waits\b/, 'was announced or will be'],
    [/\bwhat it goes by\b/, 'feature importance'],
    [/\bno learning\b/, 'baseline'],
    [/\bonly watched\b/, 'validation'],
    [/\b(came|comes|come) of\b/, 'was made for, is the result of'],
    [/\bcame to nothing\b/, 'failed'],
    [/\banew\b/, 'again'],
    [/\bin the place of\b/, 'instead of'],
    [/\b(looks|looking) on\b/, 'reads, is a read-only view'],
    [/\ball the same\b/, 'anyway'],
    [/\bwithout ado\b/, 'simply'],
    [/\b(did|does|do) not serve here\b/, 'is not supported'],
    [/\bis no damage\b/, 'is not damage'],
    [/\bround in a circle\b/, 'repeats itself'],
    [/\bcut short\b/, 'incomplete, interrupted'],
    [/\b(comes?|coming) about\b/, 'is made, happens'],
    [/\bis said to be\b/, 'is reported as'],
    [/\bkeep people and\b/, 'do not change … by hand or by …'],
    [/\b(was|is) made for (it|any of them)\b/, 'was created for this event'],
    [/\black(s|ing)? the right\b/, 'has no permission'],
    [/\bin doubt\b/, 'may be wrong'],
    [/\bas a rule\b/, 'usually'],
    [/\bno whole\b/, 'no complete, not a whole'],
    [/\bmoves? the ETag\b/, 'changes the ETag'],
    [/\bis healed\b/, 'is repaired'],
    [/\bmistakes? in what was typed\b/, 'wrong input'],
    [/\bclient (is|would be) cut off\b/, 'is disconnected'],
    [/\bon (its|their) way out of\b/, 'is being rehydrated from'],
    [/\b(copy|copies) that (was|were) to make\b/, 'its copy'],
    [/\bfor want of\b/, 'because … is missing'],
    [/\bwhoever uploads\b/, 'the uploader'],
    [/\bset aside in the poison queue\b/, 'moved to the poison queue'],
    [/\brepeats included\b/, 'with repeats'],
    [/\bif not written\b/, 'Default: …'],
    [/\bthose in hand included\b/, 'with those that the server works on'],
    [/\b(mended|mends)\b/, 'fixed, repairs'],
    [/\bof use\b/, 'useful'],
    [/\bshould you\b/, 'if you'],
    [/\bgoes without saying\b/, '(leave it out)'],
];
const kinds = ['*.md', '*.yaml', '*.json', '*.sh', '*.rs', '*.mjs', '*.cjs', '*.js', '*.css', '*.proto', '*.py', 'Makefile', '.ci/run', ':!scripts/docs/words.mjs'];

const problems = [];
for (const file of files(...kinds)) {
    // A phrase may go over the end of a line, also in a comment.
    const text = read(file).replace(/\n\s*(\/\/[/!]?|#|>)?\s*/g, (gap) => gap.replace(/[^\n]/g, ' '));
    for (const [phrase, better] of phrases) {
        const pattern = new RegExp(phrase.source.replaceAll(' ', '\\s+'), 'gi');
        for (const { 0: found, index } of text.matchAll(pattern)) {
            const line = text.slice(0, index).split('\n').length;
            problems.push(`${file}:${line}: "${found.replace(/\s+/g, ' ')}"; write: ${better}`);
        }
    }
}

report('plain words', problems);
