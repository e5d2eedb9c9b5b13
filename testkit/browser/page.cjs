// Looks at the status page as people do: three widths, no source, one and twenty, light and dark, with the keyboard,
// without JavaScript, and while the server is gone. Its argument is the command that serves the pages; where
// PAGE_IMAGES names a folder, it leaves images there.
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const path = require("node:path");
const readline = require("node:readline");
const { chromium } = require("playwright-core");

const SIZES = [[1920, 1080], [1280, 800], [390, 844]];
const COUNTS = [0, 1, 20];
const PHONE = 760;
const IMAGES = process.env.PAGE_IMAGES;
const ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
];

// The server of the pages: a word in, an address out.
function serve(command) {
    const server = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    const lines = readline.createInterface({ input: server.stdout })[Symbol.asyncIterator]();
    return {
        say: (word) => server.stdin.write(`${word}\n`),
        async page(count) {
            this.say(count);
            for (;;) {
                const { value, done } = await lines.next();
                assert(!done, "the server of the pages ended");
                const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(value);
                if (url) return url[0];
            }
        },
        end: () => new Promise((ended) => server.once("exit", ended).stdin.end()),
    };
}

// What is too wide, too narrow or cut off.
function measured(phone) {
    const wide = document.documentElement.clientWidth;
    const beyond = [...document.body.querySelectorAll("*")].filter((it) => {
        const box = it.getBoundingClientRect();
        return it.checkVisibility() && box.width > 1 && (box.right > wide + 0.5 || box.left < -0.5);
    });
    const widths = [...document.querySelectorAll("main p.reason")].map((it) => it.getBoundingClientRect().width / wide);
    const columns = document.querySelectorAll("thead th").length;
    const heights = [...document.querySelectorAll("tbody")].map((it) => it.getBoundingClientRect().height);
    return {
        scrolls: document.documentElement.scrollWidth - wide,
        beyond: beyond.map((it) => it.outerHTML.slice(0, 120)),
        narrowest: Math.min(1, ...widths),
        columns,
        highest: Math.max(0, ...heights),
        states: [...document.querySelectorAll("tbody")].map((it) => it.className),
        summary: document.getElementById("summary").textContent,
        cards: phone && [...document.querySelectorAll("tbody tr")].every((it) => getComputedStyle(it).display === "block"),
    };
}

// The least contrast of a text and what is behind it, as WCAG 2 counts it.
function contrast() {
    const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (it) => {
        for (; it; it = it.parentElement) {
            const colour = numbers(getComputedStyle(it).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let least = { ratio: 21 };
    while (texts.nextNode()) {
        const text = texts.currentNode;
        const it = text.parentElement;
        if (!text.data.trim() || !it.checkVisibility()) continue;
        const [one, other] = [light(numbers(getComputedStyle(it).color)), light(behind(it))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < least.ratio) least = { ratio, text: text.data };
    }
    return least;
}

async function image(page, name) {
    if (IMAGES) await page.screenshot({ path: path.join(IMAGES, `${name}.png`) });
}

async function opened(browser, url, size, more = {}) {
    const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, ...more });
    const page = await context.newPage();
    page.mistakes = [];
    page.on("pageerror", (error) => page.mistakes.push(String(error)));
    page.on("console", (said) => said.type() === "error" && page.mistakes.push(said.text()));
    await page.goto(url);
    return page;
}

async function fits(browser, url, count, size, colorScheme) {
    const page = await opened(browser, url, size, { colorScheme });
    const phone = size[0] <= PHONE;
    const what = `${count} sources, ${size[0]} px, ${colorScheme}`;
    for (const state of ["closed", "open"]) {
        if (state === "open") await page.evaluate(() => document.querySelectorAll("details").forEach((it) => (it.open = true)));
        else await image(page, `${count}-${size[0]}-${colorScheme}`);
        const found = await page.evaluate(measured, phone);
        assert.equal(found.scrolls, 0, `${what}, ${state}: the page is ${found.scrolls} px too wide`);
        assert.deepEqual(found.beyond, [], `${what}, ${state}: beyond the screen`);
        assert(found.narrowest >= 0.6, `${what}, ${state}: a reason has ${Math.round(found.narrowest * 100)} % of the width`);
        assert(found.columns <= 6, `${what}: ${found.columns} columns`);
        assert.match(found.summary, count ? new RegExp(`^${count} sources?: .*stalled`) : /^No sources/);
        if (phone && count) assert(found.cards, `${what}: no cards`);
        if (state === "closed") {
            assert(found.highest < (phone ? 1200 : 420), `${what}: a source is ${found.highest} px high`);
            const order = ["stalled", "failing"];
            const ranks = found.states.map((it) => (order.includes(it) ? order.indexOf(it) : order.length));
            assert.deepEqual(ranks, [...ranks].sort(), `${what}: not the worst first: ${found.states}`);
        }
        const least = await page.evaluate(contrast);
        assert(least.ratio >= 4.5, `${what}: "${least.text}" has a contrast of ${least.ratio.toFixed(2)}`);
    }
    await image(page, `${count}-${size[0]}-${colorScheme}-open`);
    assert.deepEqual(page.mistakes, [], what);
    await page.context().close();
}

async function keyboard(browser, url) {
    const page = await opened(browser, url, SIZES[1]);
    for (let n = 0; n < 20; n++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate(() => document.activeElement.matches("details > summary"))) break;
    }
    await page.keyboard.press("Enter");
    const id = await page.evaluate(() => document.activeElement.parentElement.open && document.activeElement.id);
    assert(id, "the keyboard opens no details");
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
    assert.notEqual(ring, "0px", "what has the focus does not look so");
    // For who hears the page.
    const heard = await page.locator("body").ariaSnapshot();
    for (const part of ["- status:", "- table", "columnheader \"Oldest waiting blob\"", "rowheader", "- main:"]) {
        assert(heard.includes(part), `${part} is not heard in\n${heard}`);
    }
    await page.context().close();
}

async function withoutScript(browser, url) {
    const page = await opened(browser, url, SIZES[1], { javaScriptEnabled: false });
    assert.equal(await page.locator("tbody").count(), 20);
    assert(await page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count(), "it is never loaded again");
    await page.locator("summary").first().click();
    assert.equal(await page.locator("details[open]").count(), 1);
    await page.context().close();
}

// What is open and has the focus stays so while the page changes, and moves.
async function lives(browser, url, server) {
    const page = await opened(browser, url, SIZES[1]);
    await page.evaluate(() => (window.untouched = true));
    const details = page.locator("[id='events:sensor-readings']");
    await details.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("tbody.stalled [id='events:sensor-readings']").count(), 1);
    server.say("mend");
    await page.locator("tbody.ok [id='events:sensor-readings']").waitFor();
    assert.match(await page.locator("#summary").textContent(), /14 ok/);
    assert(await page.evaluate(() => window.untouched), "the page was loaded again");
    assert(await details.evaluate((it) => it.open), "what was open is closed");
    const focused = await page.evaluate(() => document.activeElement.id);
    assert.equal(focused, "events-of:sensor-readings", "what had the focus lost it");
    assert.equal(await page.locator("tbody").count(), 20);
    return page;
}

async function saysWhenNobodyAnswers(page) {
    await page.context().setOffline(true);
    await page.locator("#offline", { hasText: "does not answer" }).waitFor();
    await image(page, "offline");
    await page.context().setOffline(false);
    await page.waitForFunction(() => document.getElementById("offline").textContent === "");
    await page.context().close();
}

async function others(browser, url) {
    const page = await opened(browser, url, SIZES[1]);
    const metrics = await page.goto(`${url}metrics`);
    assert.match(metrics.headers()["content-type"], /^text\/plain; version=0\.0\.4/);
    assert.match(await page.locator("body").textContent(), /# TYPE azure_blob_eventsource_events_done_total counter/);
    const status = await page.goto(`${url}status.json`);
    assert.equal((await status.json()).sources.length, 20);
    await page.context().close();
}

async function main() {
    const server = serve(process.argv.slice(2));
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ARGS });
    try {
        let url;
        for (const count of COUNTS) {
            url = await server.page(count);
            for (const size of SIZES) for (const scheme of ["light", "dark"]) await fits(browser, url, count, size, scheme);
            console.log(`${count} sources: ok at ${SIZES.map(([width]) => width).join(", ")} px, light and dark`);
        }
        await keyboard(browser, url);
        console.log("keyboard and screen reader: ok");
        await withoutScript(browser, url);
        console.log("without JavaScript: ok");
        await others(browser, url);
        console.log("metrics and status.json: ok");
        const page = await lives(browser, url, server);
        console.log("live, without losing the focus: ok");
        await saysWhenNobodyAnswers(page);
        console.log("says when the server does not answer: ok");
    } finally {
        await browser.close();
        await server.end();
    }
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
