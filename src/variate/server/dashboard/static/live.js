// What is live: an element with data-stream names where from, those within it with data-live take what comes.
// A browser has few connections to a host, so nothing is open while the page is not looked at.
const opened = new Map();
// What was said last of each region: what could not be shown while somebody worked there is shown once they leave.
const said = new Map();

// Whether an element has this markup already, as the page that it came with has.
function stands(element, markup) {
  const other = document.createElement("template");
  other.innerHTML = markup;
  return other.innerHTML.trim() === element.innerHTML.trim();
}

function write(region, found) {
  for (const [name, text] of Object.entries(found)) {
    const isMarkup = name.endsWith("|html");
    const key = isMarkup ? name.slice(0, -5) : name;
    for (const element of region.querySelectorAll(`[data-live="${CSS.escape(key)}"]`)) {
      // What somebody works in is not to change under their hands.
      if (element.contains(document.activeElement) && document.activeElement !== document.body) continue;
      if (element.dataset.seen === text || (isMarkup ? stands(element, text) : element.textContent === text)) continue;
      if (isMarkup) element.innerHTML = text;
      else element.textContent = text;
      element.dataset.seen = text;
      element.classList.remove("changed");
      void element.offsetWidth;
      element.classList.add("changed");
    }
  }
}

function show(region, found) {
  said.set(region, found);
  write(region, found);
  region.dispatchEvent(new CustomEvent("variate:live", { detail: found, bubbles: true }));
}

// Says that what is live is not so at present; a stream that begins anew as planned is back before that is said.
const lost = new Set();
const SOON = 5_000;
const LATEST = 60_000;

function tell(region, isLost) {
  if (isLost) lost.add(region);
  else lost.delete(region);
  const place = document.querySelector("[data-live-lost]");
  const words = lost.size ? "Not live at present: trying again. Should it last, load the page again." : "";
  if (place && place.textContent !== words) place.textContent = words;
}

// A browser tries again by itself where a connection ends, and gives up where anything but a stream is answered.
function begin(region, wait = SOON) {
  const source = new EventSource(region.dataset.stream);
  const entry = { source, timer: 0 };
  opened.set(region, entry);
  source.onmessage = (event) => show(region, JSON.parse(event.data));
  source.addEventListener("away", () => tell(region, true));
  source.addEventListener("back", () => tell(region, false));
  source.onopen = () => {
    clearTimeout(entry.timer);
    wait = SOON;
    tell(region, false);
  };
  source.onerror = () => {
    clearTimeout(entry.timer);
    if (source.readyState !== EventSource.CLOSED) {
      entry.timer = setTimeout(() => tell(region, true), SOON);
      return;
    }
    tell(region, true);
    entry.timer = setTimeout(() => begin(region, Math.min(2 * wait, LATEST)), wait);
  };
}

function listen() {
  for (const region of document.querySelectorAll("[data-stream]")) {
    if (!opened.has(region)) begin(region);
  }
}

function stop() {
  for (const { source, timer } of opened.values()) {
    clearTimeout(timer);
    source.close();
  }
  opened.clear();
}

// Where the focus goes is known a moment later.
document.addEventListener("focusout", () => setTimeout(() => said.forEach((found, region) => write(region, found))));
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", listen);
if (!document.hidden) listen();
