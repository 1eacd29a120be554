// Shares beside the weights follow what is typed; without this they do so when the form is sent.
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form || !event.target.hasAttribute("data-weight")) return;
  const fields = [...form.querySelectorAll("[data-weight]")];
  const weights = fields.map((each) => (each.value.trim() === "" ? 0 : Number(each.value)));
  const whole = weights.reduce((sum, each) => sum + each, 0);
  const isRight = weights.every((each) => each >= 0) && whole > 0 && Number.isFinite(whole);
  fields.forEach((each, place) => {
    const share = each.closest("fieldset").querySelector("[data-share]");
    share.textContent = isRight ? `${((100 * weights[place]) / whole).toFixed(2)} %` : "-";
  });
});
