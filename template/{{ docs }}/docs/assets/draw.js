// On a white card whatever the page's colours: the boxes have colours of their own.
mermaid.initialize({ startOnLoad: false, theme: "default" });
mermaid.run({ querySelector: ".drawing" });
