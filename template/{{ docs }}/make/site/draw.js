// Draws on a white card whatever the page's colours: the boxes carry colours of their own.
mermaid.initialize({ startOnLoad: false, theme: "default" });
mermaid.run({ querySelector: ".drawing" });
