// The story of a parcel, moment by moment. Without this the page lists every moment.
(() => {
  const slider = document.getElementById("moment");
  if (!slider) return;
  const moments = [...document.querySelectorAll(".moments > li")];
  const told = document.querySelector(".slider output");
  document.querySelector(".slider").hidden = false;

  const show = () => {
    const at = Number(slider.value);
    moments.forEach((row, index) => {
      row.classList.toggle("later", index >= at);
      row.classList.toggle("now", index === at - 1);
    });
    const row = moments[at - 1];
    told.textContent = `${row.querySelector("time").textContent}: ${row.querySelector(".pill").textContent}`;
    slider.setAttribute("aria-valuetext", told.textContent);
  };
  slider.addEventListener("input", show);
  show();
})();
