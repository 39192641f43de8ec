// Ctrl+Enter, on a Mac also Cmd+Enter, runs from wherever the cursor is.
addEventListener("keydown", (event) => {
  const run = document.querySelector("#run:not(:disabled)");
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !run) return;
  event.preventDefault();
  event.stopPropagation();
  const field = document.activeElement;
  field.blur(); // a field of numbers takes its value when it is left
  run.click();
  field.focus();
}, true);
// Another address of the history is another endpoint.
addEventListener("popstate", () => location.reload());
