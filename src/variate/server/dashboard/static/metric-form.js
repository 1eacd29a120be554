// The fields of a metric's kind follow the kind at once: what the server shows for it takes their place. What was typed
// into fields of another kind is there again when that is chosen again. Without this a button shows them.
const typed = new Map();
let asking;

document.addEventListener("change", async (event) => {
  const chosen = event.target;
  const fields = document.getElementById(chosen.dataset?.fields ?? "");
  if (!fields) return;
  const form = chosen.form;
  const given = new URLSearchParams(new FormData(form));
  given.append("do", "show:kind");
  for (const [name, value] of given) typed.set(name, value);
  asking?.abort();
  asking = new AbortController();
  let fresh = null;
  try {
    const answer = await fetch(form.action, { method: "POST", body: given, signal: asking.signal });
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(fields.id);
  } catch (error) {
    if (error.name === "AbortError") return; // another kind is chosen by now
  }
  const said = document.getElementById(`${fields.id}-said`);
  if (!fresh) {
    for (const each of form.querySelectorAll(".without-script")) each.classList.remove("without-script");
    said.textContent = "The fields of this kind cannot be shown by themselves now: press the button below.";
    return;
  }
  for (const field of fresh.querySelectorAll("[name]")) {
    if (!given.has(field.name) && typed.has(field.name)) field.value = typed.get(field.name);
  }
  const focused = fields.contains(document.activeElement) ? document.activeElement.name : "";
  fields.replaceChildren(...document.adoptNode(fresh).childNodes);
  if (focused) form.elements[focused]?.focus();
  said.textContent = `Below are the fields of this kind now: ${chosen.selectedOptions[0].text.split(":")[0]}.`;
});
