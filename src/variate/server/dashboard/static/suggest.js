// Fields with data-suggest: what matches the text that is typed takes the place of the recent ones in their list.
const PAUSE = 150;
let timer;
let asking;

document.addEventListener("input", (event) => {
  const field = event.target.closest?.("[data-suggest]");
  if (!field) return;
  clearTimeout(timer);
  // A browser says so of a choice from the list: there is nothing more to look for.
  if (event.inputType === "insertReplacementText" || !(event instanceof InputEvent)) return;
  timer = setTimeout(async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const url = `${field.dataset.suggest}&text=${encodeURIComponent(field.value)}`;
      const answer = await fetch(url, { signal: asking.signal });
      if (!answer.ok) return;
      const found = await answer.json();
      field.list?.replaceChildren(...found.map(({ id, name }) => {
        const option = document.createElement("option");
        option.value = id;
        option.textContent = name;
        return option;
      }));
    } catch {
      // The list stays as it is: the field takes any id.
    }
  }, PAUSE);
});
