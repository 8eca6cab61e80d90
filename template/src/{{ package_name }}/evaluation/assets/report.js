// Draws each figure with the colours of the page, and again when light and dark change.
(function () {
  const figures = document.querySelectorAll(".figure");
  function coloured(value, style) {
    if (typeof value === "string") {
      return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    }
    if (Array.isArray(value)) return value.map((one) => coloured(one, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, coloured(one, style)]));
    }
    return value;
  }
  function draw() {
    const style = getComputedStyle(document.documentElement);
    const axis = {gridcolor: "--line", zerolinecolor: "--line", linecolor: "--line",
      automargin: true};
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: {color: "--ink", family: "system-ui, sans-serif", size: 13},
      margin: {l: 60, r: 16, t: 16, b: 48}, hovermode: "closest",
      legend: {orientation: "h", x: 0, y: 1.12},
    };
    figures.forEach((box) => {
      const wanted = JSON.parse(box.querySelector("script").textContent);
      const layout = Object.assign({}, base, wanted.layout);
      layout.xaxis = Object.assign({}, axis, wanted.layout.xaxis);
      layout.yaxis = Object.assign({}, axis, wanted.layout.yaxis);
      let canvas = box.querySelector(".canvas");
      if (!canvas) {
        canvas = document.createElement("div");
        canvas.className = "canvas";
        canvas.style.height = "100%";
        box.classList.add("drawn");
        box.appendChild(canvas);
      }
      Plotly.react(canvas, coloured(wanted.data, style), coloured(layout, style),
        {responsive: true, displayModeBar: false});
    });
  }
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
