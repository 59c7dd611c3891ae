// Papers that a scan ordered: follow their run until they are ready, then offer them, or open them where the person
// has asked for that.
import { make } from "./screen.js";

const box = document.getElementById("papers");

export async function follow({ progress, pdf }, byItself) {
  box.hidden = false;
  box.replaceChildren(make("span", "", "Printing…"));
  for (let pause = 400; ; pause = Math.min(pause * 1.5, 10_000)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await fetch(progress, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok || answer.redirected) continue;
      const run = await answer.json();
      if (!run.finished) continue;
      if (run.state !== "done") return box.replaceChildren(make("span", "", "The paper could not be printed. See Print runs."));
      return offer(pdf, byItself);
    } catch {
      // No network: asked again.
    }
  }
}
function offer(pdf, byItself) {
  const link = Object.assign(make("a", "", "Open the paper (PDF)"), { href: pdf, target: "station-paper" });
  link.addEventListener("click", () => (box.hidden = true));
  box.replaceChildren(link);
  if (byItself && window.open(pdf, "station-paper")) box.hidden = true;
}
