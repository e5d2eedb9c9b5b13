// Keeps the page up to date: fetches it again, and changes only what is different, so that what is open stays open and
// what has the focus keeps it.
"use strict";

const EVERY = 5000;
const PATIENCE = 10000;
const offline = document.getElementById("offline");
let timer = 0;
let asking = false;
let lastAnswer = new Date();

const clock = (date) => date.toTimeString().slice(0, 8);

async function refresh() {
    clearTimeout(timer);
    if (document.hidden || asking) return;
    asking = true;
    try {
        const answer = await fetch(location.pathname, {
            headers: { accept: "text/html" },
            cache: "no-store",
            signal: AbortSignal.timeout(PATIENCE),
        });
        if (!answer.ok) throw new Error(String(answer.status));
        show(await answer.text());
        lastAnswer = new Date();
        say("");
    } catch {
        say(`The server does not answer. What you see is from ${clock(lastAnswer)}; it is asked again every few seconds.`);
    } finally {
        asking = false;
        timer = setTimeout(refresh, EVERY);
    }
}

function say(words) {
    if (offline.textContent !== words) offline.textContent = words;
}

function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focused = document.activeElement;
    for (const id of ["about", "main"]) {
        const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
        if (old && next) become(old, next);
    }
    // What is moved loses the focus; what is gone cannot have it.
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}

// Makes one element what the other is.
function become(old, next) {
    for (const { name } of [...old.attributes]) {
        if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    let place = old.firstChild;
    for (const node of [...next.childNodes]) {
        const same = counterpart(old, place, node);
        if (!same) {
            old.insertBefore(document.importNode(node, true), place);
            continue;
        }
        if (same === place) place = place.nextSibling;
        else old.insertBefore(same, place);
        if (node.nodeType === Node.ELEMENT_NODE) become(same, node);
        else if (same.data !== node.data) same.data = node.data;
    }
    while (place) {
        const gone = place;
        place = place.nextSibling;
        gone.remove();
    }
}

// What stands for the same: by its id where it has one, else the next of its kind.
function counterpart(old, place, node) {
    if (node.id) {
        const same = document.getElementById(node.id);
        return same && same.parentNode === old ? same : null;
    }
    let same = place;
    while (same && (same.nodeName !== node.nodeName || same.id)) same = same.nextSibling;
    return same;
}

document.addEventListener("visibilitychange", refresh);
timer = setTimeout(refresh, EVERY);
