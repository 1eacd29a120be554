// Buttons that change a form's rows: what the server answers takes the form's place, and the page stays where it is.
document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  const form = event.target;
  if (!button?.hasAttribute("data-in-place")) return;
  event.preventDefault();
  const given = new URLSearchParams(new FormData(form, button));
  let found;
  try {
    const answer = await (form.method === "get"
      ? fetch(`${form.action}?${given}`)
      : fetch(form.action, { method: "POST", body: given }));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found = page.getElementById(form.id) ?? page.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"]`);
  } catch {
    found = null;
  }
  if (!found) {
    button.removeAttribute("data-in-place");
    form.requestSubmit(button);
    return;
  }
  const before = [...form.elements].map((each) => each.name);
  form.replaceWith(document.adoptNode(found));
  const fresh = [...found.elements].find((each) => each.name && each.type !== "hidden" && each.name !== "do" && !before.includes(each.name));
  const focused = fresh ?? found.querySelector(`button[value="${CSS.escape(button.value)}"]`) ?? found.querySelector('button[data-in-place]:not([tabindex="-1"])');
  focused?.focus({ preventScroll: !fresh });
  found.dispatchEvent(new CustomEvent("variate:shown", { bubbles: true }));
});
