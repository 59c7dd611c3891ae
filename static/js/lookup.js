// A miss comes back with empty fields, the same bytes for everybody. The number (not the proof) is kept in
// this tab, so that it need not be typed again.
"use strict";
(() => {
  const number = document.getElementById("number");
  const proof = document.getElementById("proof");
  const form = number.form;
  try {
    if (document.getElementById("miss")) {
      number.value = sessionStorage.getItem("number") || "";
      (number.value ? proof : number).focus();
    }
    form.addEventListener("submit", () => sessionStorage.setItem("number", number.value));
  } catch {
    // Storage may be switched off; then nothing is kept.
  }
})();
