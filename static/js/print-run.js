// Keeps a print run's progress up to date and opens the PDF once, when the run ends while one watches. The page
// says everything without this.
(() => {
  const ready = document.querySelector(".print-open[data-run]");
  const key = "tracker-print-watched";
  if (ready && sessionStorage.getItem(key) === ready.dataset.run) {
    sessionStorage.removeItem(key);
    location.assign(ready.href);
  }

  const box = document.querySelector("[data-print-run]");
  if (!box) return;
  const find = (name) => document.getElementById(`print-${name}`);
  let pause = 1000;

  const left = (seconds) => {
    if (seconds < 90) return `${seconds} s left`;
    return `${Math.round(seconds / 60)} min left`;
  };

  const look = async () => {
    try {
      const answer = await fetch(box.dataset.printRun, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const run = await answer.json();
      if (run.finished) {
        sessionStorage.setItem(key, box.dataset.run);
        return void location.reload();
      }
      find("progress").value = run.handled;
      find("count").textContent = `${run.handled} of ${run.total}`;
      find("pace").textContent =
        run.pages_per_second === null ? "" : `${run.pages_per_second} pages a second, ${left(run.seconds_left)}`;
      find("state").textContent = run.label;
      find("error").textContent = run.error;
      find("error").hidden = !run.error;
      pause = 1000;
    } catch {
      pause = Math.min(pause * 2, 30000);
    }
    setTimeout(look, pause);
  };
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  setTimeout(look, pause);
})();
