// Charts: the numbers of the mark nearest to the pointer or the finger, or that arrow keys are at, in a bubble beside it.
// Without this a mark's title says them, and a table below each chart has them all.
const NEAR = 36;
const UP_AND_DOWN = 0.35; // a mark is looked for along the days first

const bubble = document.createElement("div");
bubble.className = "bubble";
bubble.setAttribute("role", "status");
document.body.append(bubble);

const marksOf = new WeakMap();
const placeOf = new WeakMap();
let shown = null;
let byKeys = false;

function marks(chart) {
  if (marksOf.has(chart)) return marksOf.get(chart);
  const found = [];
  for (const title of [...chart.querySelectorAll("g > title, circle > title, path > title")]) {
    found.push({ element: title.parentElement, text: title.textContent });
    title.remove(); // or the browser shows it, too
  }
  if (chart.querySelector(".course")) found.sort((one, other) => box(one).left - box(other).left);
  marksOf.set(chart, found);
  return found;
}

function box(mark) {
  return mark.element.getBoundingClientRect();
}

function hide() {
  shown?.element.classList.remove("pointed");
  shown = null;
  bubble.textContent = "";
}

function show(mark, x, y) {
  if (shown !== mark) {
    hide();
    shown = mark;
    mark.element.classList.add("pointed");
    bubble.textContent = mark.text;
  }
  const size = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(4, x - size.width / 2), document.documentElement.clientWidth - size.width - 4);
  const above = y - size.height - 14;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${above >= 4 ? above : y + 18}px`;
}

function nearest(chart, x, y) {
  let best = null;
  let least = NEAR;
  for (const mark of marks(chart)) {
    const { left, right, top, bottom } = box(mark);
    const across = Math.max(left - x, 0, x - right);
    const down = Math.max(top - y, 0, y - bottom);
    const far = Math.hypot(across, down * UP_AND_DOWN);
    if (far < least) [best, least] = [mark, far];
  }
  return best;
}

function point(event) {
  const chart = event.target.closest?.("svg.chart");
  const mark = chart && nearest(chart, event.clientX, event.clientY);
  byKeys = false;
  if (mark) show(mark, event.clientX, event.clientY);
  else if (event.type === "pointerdown" || event.pointerType === "mouse") hide();
}

function step(region, to) {
  const chart = region.querySelector("svg.chart");
  const all = chart ? marks(chart) : [];
  if (!all.length) return false;
  const place = Math.min(Math.max(0, to(placeOf.get(region) ?? 0, all.length)), all.length - 1);
  placeOf.set(region, place);
  byKeys = true;
  anchor(all[place]).scrollIntoView({ block: "nearest", inline: "nearest" });
  showAt(all[place]);
  return true;
}

function anchor(mark) {
  return mark.element.querySelector(".mark, .ring") ?? mark.element;
}

function showAt(mark) {
  const at = anchor(mark).getBoundingClientRect();
  show(mark, at.left + at.width / 2, at.top + at.height / 2);
}

const STEPS = {
  ArrowRight: (place) => place + 1,
  ArrowDown: (place) => place + 1,
  ArrowLeft: (place) => place - 1,
  ArrowUp: (place) => place - 1,
  Home: () => 0,
  End: (place, count) => count - 1,
};

document.addEventListener("pointermove", point);
document.addEventListener("pointerdown", point);
document.documentElement.addEventListener("pointerleave", hide);
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.(".drawing:focus-visible")) step(event.target, (place) => place);
});
document.addEventListener("focusout", hide);
document.addEventListener("scroll", () => (byKeys && shown ? showAt(shown) : hide()), { capture: true, passive: true });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  const move = STEPS[event.key];
  if (!move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.matches?.(".drawing") && step(event.target, move)) event.preventDefault();
});

for (const region of document.querySelectorAll(".drawing")) {
  region.setAttribute("aria-label", `${region.getAttribute("aria-label")}. Arrow keys step through its numbers.`);
}
