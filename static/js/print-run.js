// Keeps a print run's progress bar up to date; the page itself says everything without this.
(() => {
  const box = document.querySelector("[data-print-run]");
  if (!box) return;
  const bar = document.getElementById("print-progress");
  const count = document.getElementById("print-count");
  const state = document.getElementById("print-state");
  let pause = 1000;

  const look = async () => {
    try {
      const answer = await fetch(box.dataset.printRun, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const run = await answer.json();
      if (run.finished) return void location.reload();
      bar.value = run.handled;
      count.textContent = `${run.handled} of ${run.total}`;
      state.textContent = run.label;
      pause = 1000;
    } catch {
      pause = Math.min(pause * 2, 30000);
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
})();
