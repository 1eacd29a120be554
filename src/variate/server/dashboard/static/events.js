// The tail of events: what comes in is taken in by itself only while nobody reads, and waits behind a button else.
const tail = document.querySelector("[data-stream] [data-tail]");

if (tail) {
  const region = tail.closest("[data-stream]");
  const rows = tail.querySelector("tbody");
  const pause = region.querySelector("[data-tail-pause]");
  const fresh = region.querySelector("[data-tail-fresh]");
  const none = region.querySelector("[data-tail-none]");
  let isPaused = false;
  let latest = null;

  const idsOf = (body) => new Set([...body.querySelectorAll("[data-event]")].map((row) => row.dataset.event));
  const isRead = () => isPaused || tail.scrollTop > 0 || tail.matches(":hover") || tail.contains(document.activeElement);

  function takeIn() {
    if (!latest) return;
    const known = idsOf(rows);
    for (const row of latest.querySelectorAll("[data-event]")) row.classList.toggle("changed", !known.has(row.dataset.event));
    rows.replaceChildren(...latest.children);
    latest = null;
    tail.scrollTop = 0;
    if (document.activeElement === fresh) pause.focus();
    fresh.hidden = true;
    none.hidden = rows.children.length > 0;
  }

  function takeInUnlessRead() {
    if (!isRead()) takeIn();
  }

  region.addEventListener("variate:live", ({ detail }) => {
    const body = document.createElement("tbody");
    body.innerHTML = detail["tail|html"];
    const known = idsOf(rows);
    const coming = idsOf(body);
    const count = [...coming].filter((id) => !known.has(id)).length;
    if (!count) return;
    latest = body;
    takeInUnlessRead();
    if (latest) {
      // Where none of those that stand here is among the latest any more, some may have come in between.
      const more = known.size && count === coming.size ? " or more" : "";
      fresh.textContent = `${count}${more} new event${count === 1 ? "" : "s"}`;
      fresh.hidden = false;
    }
  });
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    takeInUnlessRead();
  });
  fresh.addEventListener("click", takeIn);
  tail.addEventListener("pointerleave", takeInUnlessRead);
  tail.addEventListener("focusout", () => setTimeout(takeInUnlessRead));
  pause.hidden = false;
}
