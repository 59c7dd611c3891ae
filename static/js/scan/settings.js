// What this device is called and how it behaves; kept in the browser, the same for whoever works here.
const KEY = "station";
const box = document.getElementById("settings");

function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
export const settings = { name: "", label: true, open: false, sound: true, ...load() };

export function wireSettings(finished) {
  const title = box.querySelector("summary b");
  const tell = () => (title.textContent = settings.name || "no name yet");
  for (const field of box.querySelectorAll("[data-setting]")) {
    const { setting } = field.dataset;
    if (field.type === "checkbox") field.checked = settings[setting];
    else field.value = settings[setting];
    field.addEventListener("change", () => {
      settings[setting] = field.type === "checkbox" ? field.checked : field.value.trim();
      localStorage.setItem(KEY, JSON.stringify(settings));
      tell();
    });
  }
  box.querySelector("button").addEventListener("click", () => {
    box.open = false;
    finished();
  });
  tell();
}
