// A shop's page says <script src=".../static/embed/track.js" data-lang="de" defer></script> where the form should stand: an order
// number and a button, without a frame, a cookie or a request of its own. Sending it opens the portal's page.
"use strict";
(() => {
  const script = document.currentScript;
  const portal = new URL("../../", script.src);
  const language = script.dataset.lang ?? "";
  const form = document.createElement("form");
  form.method = "get";
  form.action = new URL("track/", portal).href;
  form.className = "tracker-form";
  const label = document.createElement("label");
  label.textContent = `${script.dataset.label ?? "Order or tracking number"} `;
  const input = document.createElement("input");
  input.name = "number";
  input.required = true;
  input.maxLength = 60;
  input.autocomplete = "off";
  label.append(input);
  const button = document.createElement("button");
  button.textContent = script.dataset.button ?? "Where is my order?";
  form.append(label, button);
  if (language) {
    const chosen = document.createElement("input");
    chosen.type = "hidden";
    chosen.name = "lang";
    chosen.value = language;
    form.append(chosen);
  }
  script.after(form);
})();
