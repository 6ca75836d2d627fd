// Opens a document beside its quote, and asks before one is removed. Runs once for the component that holds it.
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.open !== undefined) {
    const shown = await server.open_document([button.dataset.open, Number(button.dataset.start), Number(button.dataset.end), navigator.language]);
    const dialog = document.createElement("dialog");
    dialog.className = "pc-dialog";
    dialog.innerHTML = shown;
    dialog.addEventListener("close", () => { dialog.remove(); button.focus(); });
    dialog.addEventListener("click", (inside) => {
      if (inside.target === dialog || inside.target.closest("[data-close]")) dialog.close();
    });
    (document.querySelector("gradio-app, .gradio-container") || document.body).append(dialog);
    dialog.showModal();
    dialog.querySelector("#here")?.scrollIntoView({ block: "center" });
  } else if (button.dataset.remove !== undefined) {
    if (window.confirm(button.dataset.sure)) trigger("delete", { source: button.dataset.remove });
  }
});
