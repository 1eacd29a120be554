// Buttons that change a form's rows: what the server answers takes the form's place, and the page stays where it is.
// What somebody types or opens while the answer is on its way is not lost.
function placeOf(summary) {
  return `${summary.closest("[id]")?.id} ${summary.textContent}`;
}

function carryOver(stood, form, found) {
  for (const [field, value] of stood) {
    const there = found.elements[field.name];
    if (field.value !== value && there?.type === field.type) there.value = field.value;
  }
  const open = new Set([...form.querySelectorAll("details[open] > summary")].map(placeOf));
  for (const summary of found.querySelectorAll("details > summary")) {
    if (open.has(placeOf(summary))) summary.parentElement.open = true;
  }
}

// What is wrong may stand above the form.
function showProblems(found, form) {
  const here = document.getElementById("problems");
  if (!form.contains(here)) here?.remove();
  if (found) form.before(document.adoptNode(found));
}

const buttonsOf = (form) => [...form.querySelectorAll('button[data-in-place]:not([tabindex="-1"])')];

document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  const form = event.target;
  if (!button?.hasAttribute("data-in-place")) return;
  event.preventDefault();
  const given = new URLSearchParams(new FormData(form, button));
  const stood = [...form.elements].map((each) => [each, each.value]);
  let found;
  let problems;
  try {
    const answer = await (form.method === "get"
      ? fetch(`${form.action}?${given}`)
      : fetch(form.action, { method: "POST", body: given }));
    // Another page, as that the session has ended, has no such form: then the browser sends it and shows that page.
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found = page.getElementById(form.getAttribute("id")); // a field of the name id hides the property
    problems = page.getElementById("problems");
  } catch {
    found = null;
  }
  if (!found) {
    button.removeAttribute("data-in-place");
    form.requestSubmit(button);
    return;
  }
  carryOver(stood, form, found);
  const working = document.activeElement;
  const isWorking = working !== button && form.contains(working) && working.name && found.elements[working.name]?.type === working.type;
  const before = stood.map(([each]) => each.name);
  const place = Math.max(0, buttonsOf(form).indexOf(button));
  showProblems(found.contains(problems) ? null : problems, form);
  form.replaceWith(document.adoptNode(found));
  const fresh = [...found.elements].find((each) => each.name && each.type !== "hidden" && each.name !== "do" && !before.includes(each.name));
  // Of a row that is gone the focus goes to what stands in its place.
  const again = found.querySelector(`button[value="${CSS.escape(button.value)}"]`) ?? buttonsOf(found)[place] ?? buttonsOf(found).at(-1);
  const focused = (isWorking ? found.elements[working.name] : fresh) ?? again;
  focused?.focus({ preventScroll: isWorking || !fresh });
  found.dispatchEvent(new CustomEvent("variate:shown", { bubbles: true }));
});
