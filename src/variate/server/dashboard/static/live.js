// What is live: an element with data-stream names where from, those within it with data-live take what comes.
// A browser has few connections to a host, so nothing is open while the page is not looked at.
const opened = new Map();

// Whether an element has this markup already, as the page that it came with has.
function stands(element, markup) {
  const other = document.createElement("template");
  other.innerHTML = markup;
  return other.innerHTML.trim() === element.innerHTML.trim();
}

function show(region, found) {
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
  region.dispatchEvent(new CustomEvent("variate:live", { detail: found, bubbles: true }));
}

function listen() {
  for (const region of document.querySelectorAll("[data-stream]")) {
    if (opened.has(region)) continue;
    const source = new EventSource(region.dataset.stream);
    source.onmessage = (event) => show(region, JSON.parse(event.data));
    opened.set(region, source);
  }
}

function stop() {
  for (const source of opened.values()) source.close();
  opened.clear();
}

document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", listen);
if (!document.hidden) listen();
