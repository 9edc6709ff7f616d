/* Packing with the mouse: a line is dragged into a package, a package onto another one or, on the table's head, to the
   floor. It presses the buttons that are there for everybody (Put, and `fill`). Reads #editor and:
     [data-drag]        a package, by what its tick says; [data-drag-line] a line of which something is left, by its position
     [data-drop]        where it may be let go: a package by its position, "" the floor */
"use strict";
(() => {
  const form = () => document.querySelector("#editor");

  // Enter in the fields of how to pack a line packs it: the button beside them, not the first one of the form.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches?.("#packing .q-pack-how input")) return;
    event.preventDefault();
    event.target.closest(".q-pack-how").querySelector('button[name="pack"]').click();
  });

  // --- packing with the mouse ---------------------------------------------------------------------------------------
  let dragged = null; // what the form would say: { tick } or { fill }

  const grips = () => {
    for (const part of document.querySelectorAll("#packing [data-drag], #packing [data-drag-line]")) {
      if (part.querySelector(":scope .q-grip")) continue;
      const grip = document.createElement("span");
      Object.assign(grip, { className: "q-grip", draggable: true, textContent: "⠿" });
      grip.setAttribute("aria-hidden", "true");
      (part.querySelector("th, .q-pack-what") ?? part).prepend(grip);
    }
  };
  const target = (event) => {
    const place = event.target.closest?.("#packing [data-drop]");
    if (!dragged || !place || place === dragged.part || (dragged.fill && !place.dataset.drop)) return null;
    return place;
  };
  const unmark = () => document.querySelectorAll("#packing .is-target").forEach((place) => place.classList.remove("is-target"));

  document.addEventListener("dragstart", (event) => {
    const part = event.target.closest?.(".q-grip")?.closest("[data-drag], [data-drag-line]");
    if (!part) return;
    dragged = { part, tick: part.dataset.drag, fill: part.dataset.dragLine };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.setDragImage(part, 12, 12);
  });
  document.addEventListener("dragover", (event) => {
    const place = target(event);
    unmark();
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    place.classList.add("is-target");
  });
  document.addEventListener("drop", (event) => {
    const place = target(event);
    if (!place) return;
    event.preventDefault();
    const { tick, fill } = dragged;
    const values = fill ? { fill, host: place.dataset.drop } : { move: 1, tick, host: place.dataset.drop };
    htmx.ajax("POST", form().action, { source: form(), values });
  });
  document.addEventListener("dragend", () => { dragged = null; unmark(); });
  document.addEventListener("htmx:afterSwap", grips);
  document.addEventListener("DOMContentLoaded", grips);
})();
