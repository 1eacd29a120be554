// The condition builder where scripts run: fields follow the operator, and the count follows what is typed.
const asked = new WeakMap();
const waiting = new WeakMap();
const changed = new Set(); // rows whose operator is another by now

async function refresh(builder) {
  const prefix = builder.dataset.conditions;
  const given = new URLSearchParams();
  for (const [name, value] of new FormData(builder.closest("form"))) {
    if (name === "csrf_token" || name.startsWith(`${prefix}.`)) given.append(name, value);
  }
  given.append("do", `show:${prefix}.count`);
  asked.get(builder)?.abort();
  const asking = new AbortController();
  asked.set(builder, asking);
  let page;
  try {
    const path = `/conditions/builder?prefix=${encodeURIComponent(prefix)}`;
    const answer = await fetch(path, { method: "POST", body: given, signal: asking.signal });
    if (!answer.ok) return;
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // the next one that is typed asks anew
  }
  const parts = [`${builder.id}-count`, `${builder.id}-attributes`];
  for (const row of changed) {
    if (!row.isConnected) changed.delete(row); // it was removed, or its form was exchanged for another
    if (!builder.contains(row)) continue;
    parts.push(`${row.id}-operand`);
    changed.delete(row);
  }
  for (const id of parts) {
    const here = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (here && fresh && here.innerHTML !== fresh.innerHTML) here.replaceChildren(...document.adoptNode(fresh).childNodes);
  }
}

function soon(builder) {
  clearTimeout(waiting.get(builder));
  waiting.set(builder, setTimeout(() => refresh(builder), 400));
}

document.addEventListener("input", (event) => {
  const builder = event.target.closest?.("[data-conditions]");
  if (builder && !event.target.hasAttribute("data-operator")) soon(builder);
});
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-conditions] [data-operator]")) return;
  changed.add(event.target.closest(".condition"));
  refresh(event.target.closest("[data-conditions]"));
});

function all() {
  document.querySelectorAll("[data-conditions]").forEach(soon);
}
document.addEventListener("variate:shown", all);
all();
