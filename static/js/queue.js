// Keys for the queue (j, k, x, Enter, w), and one button that copies a case's explanation. The pages work without this.
(() => {
  const copy = document.querySelector("[data-copy]");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(".copy-text").value);
      document.querySelector("[data-copied]").textContent = "Copied";
    });
  }

  if (document.querySelector("[data-reload]")) setTimeout(() => location.reload(), 3000);

  const rows = [...document.querySelectorAll("#result_list tbody tr")];
  if (!rows.length) return;
  document.querySelector(".keys")?.removeAttribute("hidden");
  let at = -1;
  const go = (step) => {
    rows[at]?.classList.remove("at");
    at = Math.max(0, Math.min(rows.length - 1, at + step));
    rows[at].classList.add("at");
    rows[at].scrollIntoView({ block: "nearest" });
    rows[at].querySelector("a")?.focus({ preventScroll: true });
  };
  const choose = () => rows[at]?.querySelector("input.action-select")?.click();
  const write = () => {
    const action = document.querySelector("select[name=action]");
    if (!action || !document.querySelector("input.action-select:checked")) return;
    action.value = "write";
    document.querySelector("button[name=index]").click();
  };
  const keys = { j: () => go(1), k: () => go(-1), x: choose, w: write };
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
