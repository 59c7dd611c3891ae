// A list that fits its frame keeps the head of its table in sight; a wider one scrolls sideways in its frame.
for (const frame of document.querySelectorAll("#changelist .results")) {
  const table = frame.querySelector("table");
  const look = () => {
    frame.classList.remove("fits");
    frame.classList.toggle("fits", table.scrollWidth <= frame.clientWidth + 1);
  };
  look();
  new ResizeObserver(look).observe(document.getElementById("changelist"));
}
